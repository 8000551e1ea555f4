/** @module The messages of the own terminal, field by field (protocol.md §3). */

import type { MicroMessage } from '../micro-iso8583.ts'
import type { OwnCard, OwnItem } from './book.ts'
import { digitsOf, hexOfAscii } from './bytes.ts'
import type { OwnSettings } from './settings.ts'

/** Field number → value. Undefined: the message lacks the field. */
export type OwnFields = Readonly<Record<number, string | undefined>>

export const ownMessage = (mti: string, fields: OwnFields): MicroMessage => ({
  mti,
  fields: new Map(
    Object.entries(fields).flatMap(([number, value]) =>
      value === undefined ? [] : [[Number(number), value]],
    ),
  ),
})

/** The local time of the terminal, in China. `now` is milliseconds since the epoch. */
export function localTimeOf(now: number): { time: string; date: string } {
  const text = new Date(now + 8 * 3_600_000).toISOString()
  return { time: text.slice(11, 19).replaceAll(':', ''), date: text.slice(5, 10).replace('-', '') }
}

const OPERATOR = hexOfAscii('07 ')
const EXPIRY = '2812'
const CHIP_DATA = '9F2608A1B2C3D4E5F607189F2701809F3602004A9505000004E000'

/** Ciphertext has every nibble. */
const ENCRYPTED_TRACK = '62258A9BCDEF012345670F1E2D3C4B5A6978D'

/** The fields of a card, as the reader gives them. */
function cardFields({ pan, entry }: OwnCard, encrypts: boolean): OwnFields {
  switch (entry) {
    case 'manual':
      return { 2: pan, 14: EXPIRY, 22: '012' }
    case 'track': {
      const track = `${pan}D${EXPIRY}2011234567890000`.slice(0, 37)
      return { 22: '022', 35: track }
    }
    case 'encrypted':
      return { 22: '022', 35: ENCRYPTED_TRACK, 53: '0010000000000000' }
    case 'chip':
      return {
        ...{ 2: pan, 14: EXPIRY, 22: '051', 23: '001', 55: CHIP_DATA },
        ...(encrypts ? { 26: '06', 52: '5A3C0F1E2D4B6978', 53: '2600000000000000' } : {}),
      }
    case 'contactless':
      return { 2: pan, 14: EXPIRY, 22: '072', 23: '001', 55: CHIP_DATA }
  }
}

const PROCESSING = { sale: '000000', void: '200000' } as const
const TYPE = { sale: '22', void: '23' } as const

const identityFields = ({ terminalId, merchantId }: OwnSettings): OwnFields => ({
  // ans 8, fixed: a shorter number has blanks at its end.
  41: terminalId.padEnd(8),
  42: merchantId,
})

function financial(settings: OwnSettings, item: OwnItem, now: number): OwnFields {
  const { time, date } = localTimeOf(now)
  return {
    ...cardFields(item.card, settings.encrypts),
    ...identityFields(settings),
    3: PROCESSING[item.kind],
    4: digitsOf(item.amount, 12),
    11: item.stan,
    12: time,
    13: date,
    25: '00',
    49: '156',
    60: TYPE[item.kind] + item.batch + settings.tails.field60,
    63: OPERATOR,
  }
}

const NO_RRN = '0'.repeat(12)

function originalFields({ tails }: OwnSettings, { original }: OwnItem): OwnFields {
  if (original === undefined) return {}
  const { rrn, authorization, batch, stan } = original
  return {
    37: rrn === '' ? NO_RRN : rrn,
    ...(authorization === '' ? {} : { 38: authorization }),
    61: batch + stan + tails.field61,
  }
}

/** 0200 of a sale or void. `changes` replaces fields, and leaves out those that are undefined. */
export const financialMessage = (
  settings: OwnSettings,
  item: OwnItem,
  now: number,
  changes: OwnFields = {},
): MicroMessage =>
  ownMessage('0200', { ...financial(settings, item, now), ...originalFields(settings, item), ...changes })

/** The reversal of a sale or void. `reason` is field 39. */
export function reversalMessage(
  settings: OwnSettings,
  item: OwnItem,
  mti: string,
  reason: string,
  now: number,
): MicroMessage {
  const { 11: stan, 60: field60, ...others } = financial(settings, item, now)
  const naming = { ...identityFields(settings), 11: stan, 60: field60 }
  if (settings.reversesShort) return ownMessage(mti, naming)
  const { 61: field61, 38: authorization } = originalFields(settings, item)
  const never = { 26: undefined, 35: undefined, 37: undefined, 52: undefined, 53: undefined }
  const own = item.authorization === '' ? authorization : item.authorization
  return ownMessage(mti, { ...others, ...naming, 38: own, 39: reason, 61: field61, ...never })
}

/** 0800, 0820, 0500 and 0320. `code` is 60.3. */
export const managementMessage = (
  settings: OwnSettings,
  mti: string,
  batch: string,
  code: string,
  fields: OwnFields = {},
): MicroMessage => ownMessage(mti, { ...identityFields(settings), 60: `00${batch}${code}`, ...fields })

/** 0500. `totals` is field 48. */
export const settlementMessage = (
  settings: OwnSettings,
  batch: string,
  stan: string,
  totals: string,
): MicroMessage =>
  managementMessage(settings, '0500', batch, '201', { 11: stan, 48: totals, 49: '156', 63: OPERATOR })

/** The most details of an upload. */
export const DETAILS = 8

/** One detail of field 48 in a 0320: card class, trace number, card, amount. */
const detailOf = ({ stan, card, amount }: OwnItem): string =>
  `00${stan}${card.pan.padStart(20, '0')}${digitsOf(amount, 12)}`

/** Field 48 of an upload of up to eight items. */
export const detailsOf = (items: readonly OwnItem[]): string =>
  digitsOf(items.length, 2) + items.map(detailOf).join('')
