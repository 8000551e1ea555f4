/**
 * @module A terminal's message, parsed once. Later steps use this value, and go back to the fields only to copy them
 * into the answer.
 */

import { posMessageKey } from '../domain/message-key.ts'
import type {
  RequestBase,
  ReversalRequest,
  SaleRequest,
  SettlementRequest,
  UploadRequest,
  VoidRequest,
} from '../domain/requests.ts'
import type { Card } from '../domain/types.ts'
import { pickCardFields } from './card-fields.ts'
import {
  amountOfReversal,
  field60Of,
  firstMti,
  formatFault,
  givenReference,
  identityOf,
  keptFields,
  type MessageIdentity,
  operatorOf,
  originalSaleKey,
  panOf,
  panOfReversal,
  reversedKind,
  type TransactionType,
  transactionTypeOf,
} from './cup.ts'
import type { Frame } from './frame.ts'
import { macOf } from './mac.ts'
import { type Message, macInput, pack } from './message.ts'

export type ManagementType = 'sign_on' | 'sign_off' | 'echo'
export type PosTransaction = Exclude<TransactionType, ManagementType>

export type PosRequest = SaleRequest | VoidRequest | ReversalRequest | SettlementRequest | UploadRequest

/** The parts of a message that a limit needs, before the rest of it is parsed. */
export interface PosHead {
  readonly frame: Frame
  /** The fields for the answer to copy. */
  readonly message: Message
  /** Undefined for a transaction that Annul does not process. */
  readonly type: TransactionType | undefined
  readonly identity: MessageIdentity
  readonly hasMac: boolean
}

/** The parts of every message. */
interface Parsed extends PosHead {
  /** Number of the first missing or unusable field; undefined when there is none. */
  readonly fault: number | undefined
}

/**
 * A message that moves no money: sign-on, sign-off, echo. `type` is undefined for a transaction that Annul does not
 * process.
 */
export interface ManagementMessage extends Parsed {
  readonly kind: 'management'
  readonly type: ManagementType | undefined
  /** 60.3. In a sign-on it is the layout of the keys. */
  readonly layout: string
}

/** A message that the pipeline decides. */
export interface TransactionMessage extends Parsed {
  readonly kind: 'transaction'
  readonly type: PosTransaction
  readonly messageKey: string
  /** For a reversal: the key of its target. */
  readonly targetKey: string | undefined
  /** The reference to the sale of the message. */
  readonly sale: SaleReference
  /** The clear card number; undefined when neither field 2 nor a clear track has one. */
  readonly pan: string | undefined
  /** The card fields for the acquirer, by field number. */
  readonly cardFields: ReadonlyMap<number, string>
  /** MTI to the last field before 64, as received. */
  readonly macInput: Uint8Array<ArrayBuffer>
  /** Field 64, 8 bytes; undefined when the message has none. */
  readonly mac: Uint8Array | undefined
  /**
   * The content: two messages with one key and equal content are the same. A sale or void may come again with other values in
   * `NOT_CONTENT`, a reversal with another reason or time.
   */
  readonly content: Content
  /**
   * Another content of the same message; null when there is none. A sale or void has the bytes that the MAC covers, because
   * entries before 2026-12-01 have them. A reversal with an amount has the content without it.
   */
  readonly otherContent: Content | null
  /** The `fault` of a void from a terminal with `voidForms: lenient`. For other messages it is the same. */
  readonly faultIfLenient: number | undefined
  /** The request to the domain, without fingerprints. It is only valid without a fault. */
  readonly request: PosRequest
}

type Content = Uint8Array<ArrayBuffer> | string

export type PosMessage = ManagementMessage | TransactionMessage

export interface SaleReference {
  readonly saleKey?: string
  readonly saleOfVoidKey?: string
  /** Field 37, 12 characters. */
  readonly saleRrn?: string
}

export const parsePosHead = (frame: Frame, message: Message): PosHead => ({
  frame,
  message,
  type: transactionTypeOf(message),
  identity: identityOf(message),
  hasMac: message.fields.has(64),
})

/** Parses the rest of a message. Never throws: a field that is missing or unusable is the `fault`. */
export function parsePosMessage(head: PosHead): PosMessage {
  const { frame, message, type, identity } = head
  const fault = type === undefined ? undefined : formatFault(type, message)
  const parsed = { ...head, fault }
  if (type === undefined || type === 'sign_on' || type === 'sign_off' || type === 'echo') {
    const layout = field60Of(message.fields).networkManagementCode
    return { ...parsed, kind: 'management', type, layout }
  }
  const messageKey = posMessageKey(identity, type === 'upload' ? 'upload_end' : type)
  const reversed = reversedKind(type)
  const targetKey = reversed === undefined ? undefined : posMessageKey(identity, reversed)
  const covered = Uint8Array.from(macInput(frame.body))
  const isReversal = targetKey !== undefined
  return {
    ...parsed,
    kind: 'transaction',
    type,
    messageKey,
    targetKey,
    sale: saleOf(type, identity, message, targetKey),
    pan: isReversal ? panOfReversal(message) : panOf(message),
    cardFields: pickCardFields(message.fields),
    macInput: covered,
    mac: macOf(message),
    faultIfLenient: formatFault(type, message, 'lenient'),
    ...(isReversal ? contentOfReversal(targetKey, message) : contentOf(type, message, covered)),
    request: requestOf(type, message, identity, messageKey, targetKey ?? ''),
  }
}

/**
 * Fields of a sale or void that are no content: time and date of the terminal, chip data, and what the terminal says about itself.
 * A terminal that builds its message anew for a repeat writes them anew.
 */
export const NOT_CONTENT: readonly number[] = [12, 13, 55, 57, 59]

type Contents = Pick<TransactionMessage, 'content' | 'otherContent'>

/** The bytes that the MAC covers. A sale or void is packed again without `NOT_CONTENT`, with the MTI of the first message. */
function contentOf(
  type: PosTransaction,
  { mti, fields }: Message,
  covered: Uint8Array<ArrayBuffer>,
): Contents {
  if (type !== 'sale' && type !== 'void') return { content: covered, otherContent: null }
  const kept = new Map([...fields].filter(([number]) => !NOT_CONTENT.includes(number)))
  const content = Uint8Array.from(macInput(pack({ mti: firstMti(mti), fields: kept })))
  const isCovered = content.length === covered.length && content.every((byte, i) => byte === covered[i])
  return { content, otherContent: isCovered ? null : covered }
}

/** The target and its amount, without an amount the target alone. */
function contentOfReversal(targetKey: string, message: Message): Contents {
  const target = `${targetKey}|`
  if (amountOfReversal(message) === null) return { content: target, otherContent: null }
  return { content: `${target}${message.fields.get(4)}`, otherContent: target }
}

/** The same message as one that Annul does not process. */
export const unsupported = ({ frame, message, identity, hasMac }: PosMessage): ManagementMessage => ({
  kind: 'management',
  type: undefined,
  frame,
  message,
  identity,
  hasMac,
  fault: undefined,
  layout: '',
})

function saleOf(
  type: PosTransaction,
  identity: MessageIdentity,
  message: Message,
  targetKey: string | undefined,
): SaleReference {
  if (type === 'sale_reversal' && targetKey !== undefined) return { saleKey: targetKey }
  if (type === 'void_reversal' && targetKey !== undefined) return { saleOfVoidKey: targetKey }
  if (type !== 'void') return {}
  const saleKey = originalSaleKey(identity, message)
  const saleRrn = message.fields.get(37)
  return { ...(saleKey === undefined ? {} : { saleKey }), ...(saleRrn === undefined ? {} : { saleRrn }) }
}

function requestOf(
  type: PosTransaction,
  message: Message,
  identity: MessageIdentity,
  messageKey: string,
  targetKey: string,
): PosRequest {
  const { fields } = message
  const { terminalId, merchantId, batchNumber, stan } = identity
  const base: RequestBase = {
    door: 'terminal',
    merchantId,
    messageKey,
    contentFingerprint: '',
    request: keptFields(message),
    sender: { channel: 'pos', operator: operatorOf(message), keyId: null, address: null },
  }
  const amount = Number(fields.get(4) ?? 0)
  const given = fields.has(4) ? amount : null
  const currencyCode = fields.get(49) ?? ''
  switch (type) {
    case 'sale':
      return { ...base, kind: 'sale', terminalId, batchNumber, stan, amount, currencyCode, card: null }
    case 'void':
      return {
        ...base,
        kind: 'void',
        pos: { terminalId, batchNumber, stan, saleKey: originalSaleKey(identity, message) ?? null },
        amount: given,
        currencyCode,
        cardFingerprint: null,
        rrn: givenReference(fields.get(37)),
        authorizationCode: givenReference(fields.get(38)),
        reason: null,
      }
    case 'sale_reversal':
    case 'void_reversal':
      return {
        ...base,
        kind: type,
        terminalId,
        targetKey,
        saleId: null,
        amount: amountOfReversal(message),
        cardFingerprint: null,
      }
    case 'settlement':
      return {
        ...base,
        kind: 'settlement',
        terminalId,
        batchNumber,
        totals: fields.get(48) ?? '',
        isSigned: macOf(message) !== undefined,
      }
    case 'upload':
    case 'upload_end': {
      const after = field60Of(fields).networkManagementCode === '207' ? 'match' : 'mismatch'
      return {
        ...base,
        kind: type,
        terminalId,
        batchNumber,
        after,
        isSigned: macOf(message) !== undefined,
      }
    }
  }
}

/** The request with its keyed fingerprints: of the content and, when the request has one, of the card. */
export function withFingerprints(
  request: PosRequest,
  contentFingerprint: string,
  card: Card | null,
): PosRequest {
  switch (request.kind) {
    case 'sale':
      return { ...request, contentFingerprint, card }
    case 'void':
    case 'sale_reversal':
    case 'void_reversal':
      return { ...request, contentFingerprint, cardFingerprint: card?.fingerprint ?? null }
    default:
      return { ...request, contentFingerprint }
  }
}
