/** @module China UnionPay POS messages: the transaction of a message, and its fields (protocol.md §3). */

import { posMessageKey } from '../domain/message-key.ts'
import type { TerminalProfile } from '../domain/terminal-profile.ts'
import { type Field60, type OriginalReference, readField60, readField61 } from './field60.ts'
import { fromHex } from './hex.ts'
import type { Message } from './message.ts'

export type TransactionType =
  | 'sign_on'
  | 'sign_off'
  | 'echo'
  | 'sale'
  | 'void'
  | 'sale_reversal'
  | 'void_reversal'
  | 'settlement'
  | 'upload'
  | 'upload_end'

/** Uploads (60.3) of one chip transaction. Their data is in fields that Annul does not read. */
const CHIP_UPLOADS = ['203', '204', '205', '206', '208', '209']

/** Sign-on layouts (60.3) with keys in the answer. */
const SIGN_ON_LAYOUTS = ['001', '003', '004', '006']

/** The transaction that MTI and fields 3, 25 and 60 name. Undefined: Annul does not process it. */
export function transactionTypeOf({ mti, fields }: Message): TransactionType | undefined {
  const field60 = readField60(fields.get(60) ?? '')
  if (field60 === undefined) return undefined
  const { transactionType, networkManagementCode } = field60
  if (isReversalMti(mti)) return REVERSAL_TYPES[transactionType]
  switch (mti) {
    case '0200':
    case '0201':
      return financialType(fields, transactionType)
    case '0800':
      return SIGN_ON_LAYOUTS.includes(networkManagementCode) ? 'sign_on' : undefined
    case '0820':
      if (networkManagementCode === '002') return 'sign_off'
      return networkManagementCode === '301' ? 'echo' : undefined
    case '0500':
      return networkManagementCode === '201' ? 'settlement' : undefined
    case '0320':
      if (networkManagementCode === '201' || CHIP_UPLOADS.includes(networkManagementCode)) return 'upload'
      return ['202', '207'].includes(networkManagementCode) ? 'upload_end' : undefined
    default:
      return undefined
  }
}

/** The MTI of a message, four digits. A repeat has 1 as its last digit; its first message has 0. */
export const firstMti = (mti: string): string => (mti.endsWith('1') ? `${mti.slice(0, 3)}0` : mti)

/** Whether the MTI is a reversal's: 0400, the advice 0420, and their repeats 0401 and 0421. */
export const isReversalMti = (mti: string): boolean => ['0400', '0420'].includes(firstMti(mti))

/**
 * Whether the MTI has class 4, as all reversals have. A decline may delete the pending reversal of the terminal, so a message of
 * this class that cannot be processed gets no answer (protocol.md §3.5).
 */
export const hasReversalClass = (mti: string): boolean => mti[1] === '4'

/** Field 60.1 alone names the kind of a reversal's target. No other field can make a reversal unreadable. */
const REVERSAL_TYPES: Readonly<Partial<Record<string, 'sale_reversal' | 'void_reversal'>>> = {
  '22': 'sale_reversal',
  '23': 'void_reversal',
}

/** Fields 3 and 60.1 of a sale or void that we send. */
export const TRANSACTION_CODES = {
  sale: { processingCode: '000000', transactionType: '22' },
  void: { processingCode: '200000', transactionType: '23' },
} as const

/**
 * Field 60.1 names the transaction. Fields 3 and 25 may be absent, but must not name another one. The third and fourth
 * digit of 3 are the account type (protocol.md §2).
 */
function financialType(fields: Message['fields'], transactionType: string): 'sale' | 'void' | undefined {
  const condition = fields.get(25) ?? '00'
  const processing = fields.get(3)
  if (condition !== '00') return undefined
  if (transactionType === '22' && /^00[0-4]000$/.test(processing ?? '000000')) return 'sale'
  if (transactionType === '23' && /^20[0-4]000$/.test(processing ?? '200000')) return 'void'
  return undefined
}

/**
 * Fields that a decision needs. Without 41 and 42 the terminal is unknown before, and without 64 the MAC is wrong. A
 * reversal needs only the fields that name its target, because a refusal deletes it in the terminal.
 */
export const MANDATORY: Readonly<Record<TransactionType, readonly number[]>> = {
  sign_on: [11],
  sign_off: [],
  echo: [],
  sale: [3, 4, 11, 22, 25, 49],
  void: [3, 4, 11, 22, 25, 49],
  sale_reversal: [11],
  void_reversal: [11],
  settlement: [11, 48, 49],
  upload: [11, 48],
  upload_end: [11, 48],
}

/** Whether field 3 has an account type. A folding MAC does not protect it. */
export const hasAccountType = ({ fields }: Message): boolean => !/^\d{2}0000$/.test(fields.get(3) ?? '000000')

/** Fields that a void may lack under `voidForms: lenient`. Without field 4 it means the amount of the sale. */
const OPTIONAL_IF_LENIENT: readonly number[] = [4]

/**
 * Number of the first mandatory field that is missing or unusable; undefined when there is none. `voidForms` of the terminal
 * counts for a void only.
 */
export function formatFault(
  type: TransactionType,
  { fields }: Message,
  voidForms: TerminalProfile['voidForms'] = 'strict',
): number | undefined {
  const isLenient = type === 'void' && voidForms === 'lenient'
  const optional = isLenient ? OPTIONAL_IF_LENIENT : []
  const isChipUpload = type === 'upload' && CHIP_UPLOADS.includes(field60Of(fields).networkManagementCode)
  const isNeeded = (number: number): boolean =>
    !optional.includes(number) && !(number === DETAILS && isChipUpload)
  const missing = MANDATORY[type].find((number) => isNeeded(number) && !fields.has(number))
  if (missing !== undefined) return missing
  if (type === 'void' && !namesSale(fields)) return 61
  if (fields.get(11) === '000000') return 11
  if (reversedKind(type) !== undefined) return undefined
  if (type === 'upload' && !isChipUpload && !isUpload(fields.get(DETAILS) ?? '')) return DETAILS
  if (type === 'upload_end' && !/^\d{4}$/.test(fields.get(48) ?? '')) return 48
  if (tracksDiffer(fields)) return 35
  if (isFinancial(type) && !isCardNumber(panOf({ mti: '', fields }))) return fields.has(2) ? 2 : 35
  if (MANDATORY[type].includes(4) && Number(fields.get(4) ?? (isLenient ? 1 : 0)) === 0) return 4
  if (!isTimeOfDay(fields.get(12) ?? '000000')) return 12
  return isDayOfYear(fields.get(13) ?? '0101') ? undefined : 13
}

/** `hhmmss`. Field 12 has no leap second. */
export const isTimeOfDay = (text: string): boolean => /^(?:[01][0-9]|2[0-3])(?:[0-5][0-9]){2}$/.test(text)

/** `MMDD`. Field 13 has no year, so 29 February is a day. */
export function isDayOfYear(text: string): boolean {
  const [month, day] = [Number(text.slice(0, 2)), Number(text.slice(2))]
  const last = month === 2 ? 29 : [4, 6, 9, 11].includes(month) ? 30 : 31
  return month >= 1 && month <= 12 && day >= 1 && day <= last
}

/** Whether a void names its sale: by a readable field 61, or without it by the RRN in field 37. */
const namesSale = (fields: Message['fields']): boolean =>
  fields.has(61) ? readField61(fields.get(61) ?? '') !== undefined : givenReference(fields.get(37)) !== null

/**
 * The clear card number of a reversal. Undefined when it cannot be read: fields 2 and 35 differ, the length is wrong, or it
 * begins with 0. No card number begins with 0, so that is a pad on the wrong side.
 */
export function panOfReversal(message: Message): string | undefined {
  const pan = panOf(message)
  const isReadable = isCardNumber(pan) && pan?.[0] !== '0' && !tracksDiffer(message.fields)
  return isReadable ? pan : undefined
}

/** The amount of a reversal, in minor units. Null: it names none, and means that of its target. */
export const amountOfReversal = ({ fields }: Message): number | null => Number(fields.get(4) ?? 0) || null

/** The fields that identify a financial or settlement message. */
export interface MessageIdentity {
  readonly terminalId: string
  readonly merchantId: string
  readonly batchNumber: string
  readonly stan: string
}

/** The identity of a message. A missing field is an empty text. Trailing blanks of 42 are removed. Those of 41 belong to the number. */
export function identityOf({ fields }: Message): MessageIdentity {
  return {
    terminalId: fields.get(41) ?? '',
    merchantId: (fields.get(42) ?? '').trimEnd(),
    batchNumber: field60Of(fields).batchNumber,
    stan: fields.get(11) ?? '',
  }
}

const NO_FIELD_60: Field60 = {
  transactionType: '',
  batchNumber: '',
  networkManagementCode: '000',
  rest: '',
}

/** The parts of field 60; empty parts when the field is absent or malformed. */
export const field60Of = (fields: ReadonlyMap<number, string>): Field60 =>
  readField60(fields.get(60) ?? '') ?? NO_FIELD_60

/** The kind of the target of a reversal. Batch and STAN name the target, never field 61 (protocol.md §2.2). */
export function reversedKind(type: TransactionType): 'sale' | 'void' | undefined {
  if (type === 'sale_reversal') return 'sale'
  return type === 'void_reversal' ? 'void' : undefined
}

/** Key of the sale in 61.1 and 61.2 of a void. Undefined when the STAN is zeros, which means "unknown". */
export function originalSaleKey(identity: MessageIdentity, { fields }: Message): string | undefined {
  const original: OriginalReference | undefined = readField61(fields.get(61) ?? '')
  if (original === undefined || Number(original.originalStan) === 0) return undefined
  return posMessageKey(
    { ...identity, batchNumber: original.originalBatchNumber, stan: original.originalStan },
    'sale',
  )
}

/** The third digit of 53 is 1 when the tracks are encrypted. The track itself has no mark of it. */
const clearTrackPan = (fields: Message['fields']): string | undefined =>
  fields.get(53)?.[2] === '1' ? undefined : fields.get(35)?.split('D')[0]

/** The field with the details of an upload. An upload of one chip transaction may lack it. */
const DETAILS = 48

/** Digits of one detail of a batch upload: card class 2, STAN 6, card number 20, amount 12 (protocol.md §3.8). */
const UPLOAD_DETAIL = 40

/** Field 48 of a batch upload: count n2, 1 to 8, then as many details. */
function isUpload(details: string): boolean {
  const count = Number(details.slice(0, 2))
  return count >= 1 && count <= 8 && details.length === 2 + count * UPLOAD_DETAIL
}

const isFinancial = (type: TransactionType): boolean => type === 'sale' || type === 'void'

/**
 * Whether there is no card number, or one of 13 to 19 digits. A shorter number cannot be masked to first six and last
 * four.
 */
export const isCardNumber = (pan: string | undefined): boolean => pan === undefined || /^\d{13,19}$/.test(pan)

/** Whether field 2 and the track have different card numbers. */
function tracksDiffer(fields: Message['fields']): boolean {
  const track = clearTrackPan(fields)
  const pan = fields.get(2)
  return track !== undefined && pan !== undefined && track !== pan
}

/** The clear card number, from field 2 or the track; undefined when there is none. */
export const panOf = ({ fields }: Message): string | undefined => fields.get(2) ?? clearTrackPan(fields)

/** An RRN or authorization code. Null when it is absent, blank or all zeros, which means "unknown". */
export function givenReference(value: string | undefined): string | null {
  const given = (value ?? '').trim()
  return /^0*$/.test(given) ? null : given
}

/**
 * The fields that the journal may keep, with their maximum lengths: amounts, counters, codes and references.
 *
 * Card number, expiry, tracks, PIN block, chip data and free texts are never kept. No numeric field is kept at the
 * length of a card number, because a sender may put one there. So 53 is cut to its flags, 60 to 60.3, and 61 to batch
 * and STAN.
 */
const KEPT: ReadonlyMap<number, number> = new Map([
  ...[3, 4, 11, 12, 13, 15, 22, 23, 25, 26, 37, 38, 39, 41, 42, 49].map((number) => [number, 15] as const),
  [53, 3],
  [60, 11],
  [61, 12],
])

/** Field 63.1, the number of the operator: up to three letters or digits. Null when the field has none. */
export function operatorOf({ fields }: Message): string | null {
  const bytes = fromHex((fields.get(63) ?? '').slice(0, 6)) ?? new Uint8Array(0)
  const operator = String.fromCharCode(...bytes).trimEnd()
  return /^[A-Za-z0-9]{1,3}$/.test(operator) ? operator : null
}

/** The fields of a message for the journal: MTI under `0`, kept fields under their numbers. */
export function keptFields({ mti, fields }: Message): Record<string, string> {
  const kept: Record<string, string> = { '0': mti }
  for (const [number, length] of KEPT) {
    const value = fields.get(number)
    if (value !== undefined) kept[number] = value.slice(0, length)
  }
  return kept
}
