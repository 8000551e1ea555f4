/** @module A terminal's message, once its type is known and its form is right, as what it asks of the domain. */

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
import {
  field60Of,
  givenReference,
  keptFields,
  type MessageIdentity,
  originalSaleKey,
  reversedKind,
  type TransactionType,
} from './cup.ts'
import type { Message } from './message.ts'

export type PosTransaction = Exclude<TransactionType, 'sign_on' | 'sign_off' | 'echo'>

/** Keyed fingerprints, made outside because they need the keyring. */
export interface Fingerprints {
  readonly card: Card | null
  readonly content: string
}

export type PosRequest = SaleRequest | VoidRequest | ReversalRequest | SettlementRequest | UploadRequest

/** Keys of the message itself and, of a reversal, of the message that it names. */
export function messageKeys(
  type: PosTransaction,
  identity: MessageIdentity,
): { messageKey: string; targetKey?: string } {
  const kind = type === 'upload' ? 'upload_end' : type
  const messageKey = posMessageKey(identity, kind)
  const target = reversedKind(type)
  return target === undefined ? { messageKey } : { messageKey, targetKey: posMessageKey(identity, target) }
}

/** What makes two messages with one key the same. A reversal may be repeated with another reason or time. */
export function contentOf(
  type: PosTransaction,
  identity: MessageIdentity,
  message: Message,
  macInput: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> | string {
  const { targetKey } = messageKeys(type, identity)
  return targetKey === undefined ? macInput : `${targetKey}|${message.fields.get(4)}`
}

export function readRequest(
  type: PosTransaction,
  message: Message,
  identity: MessageIdentity,
  fingerprints: Fingerprints,
): PosRequest {
  const { fields } = message
  const { terminalId, merchantId, batchNumber, stan } = identity
  const { messageKey, targetKey = '' } = messageKeys(type, identity)
  const base: RequestBase = {
    door: 'terminal',
    merchantId,
    messageKey,
    contentFingerprint: fingerprints.content,
    request: keptFields(message),
  }
  const amount = Number(fields.get(4) ?? 0)
  const currencyCode = fields.get(49) ?? ''
  switch (type) {
    case 'sale':
      return {
        ...base,
        kind: 'sale',
        terminalId,
        batchNumber,
        stan,
        amount,
        currencyCode,
        card: fingerprints.card,
      }
    case 'void':
      return {
        ...base,
        kind: 'void',
        pos: { terminalId, batchNumber, stan, saleKey: originalSaleKey(identity, message) ?? null },
        amount,
        currencyCode,
        cardFingerprint: fingerprints.card?.fingerprint ?? null,
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
        amount,
        cardFingerprint: fingerprints.card?.fingerprint ?? null,
      }
    case 'settlement':
      return { ...base, kind: 'settlement', terminalId, batchNumber, totals: fields.get(48) ?? '' }
    case 'upload':
    case 'upload_end': {
      const after = field60Of(fields).networkManagementCode === '207' ? 'match' : 'mismatch'
      return { ...base, kind: type, terminalId, batchNumber, after }
    }
  }
}
