/** @module The card fields of a message: the fields for the acquirer, and the fields that mark data under our keys. */

/** Fields that go to the acquirer as received. */
export const FORWARDED_CARD_FIELDS = [2, 14, 22, 23, 25, 35, 55] as const

/** Fields that are read with them and never forwarded: PIN capture code, PIN block, security control. */
const SECURITY_FIELDS = [26, 52, 53] as const

const CARD_FIELDS: readonly number[] = [...FORWARDED_CARD_FIELDS, ...SECURITY_FIELDS]

/** The card fields of a message, by field number. They are kept for one try and never written. */
export const pickCardFields = (fields: ReadonlyMap<number, string>): ReadonlyMap<number, string> =>
  new Map([...fields].filter(([number]) => CARD_FIELDS.includes(number)))

/** Whether card data is encrypted under our keys. A PIN block always is. Tracks are when the third digit of 53 is 1. */
export const isUnderOurKeys = (cardFields: ReadonlyMap<number, string>): boolean =>
  cardFields.has(52) || cardFields.get(53)?.[2] === '1'
