/** @module Sales and voids of an entry as lists. After a claim, their members follow from the claim's record. */

import type { Card, Effects, Sale, VoidRecord } from '../../domain/types.ts'
import { CODED_SALE_STATES, CODED_STATES, CODED_VOID_REASONS } from './codes.ts'
import type { EntryScope } from './columns.ts'
import { given, objectForm, optionally, tableOf, usually } from './schema.ts'
import { digitsForm, hexForm, keyForm, plainNumber, plainText, timeForm, truth } from './values.ts'
import { windowEndForm } from './window-end.ts'

/** The sale of the entry that this one follows. */
const saleBefore = ({ base }: EntryScope): Sale | undefined => base?.effects.claimedSale ?? base?.effects.sale

/** The void of the entry that this one follows. */
const voidBefore = ({ base }: EntryScope): VoidRecord | undefined => base?.effects.voidRecord

const currencyOf = ({ request }: EntryScope): string => request['49'] ?? request.currency ?? '156'
const maskedPan = ({ request }: EntryScope): string => request.pan ?? ''

/** A member of the sale or void before. Undefined when there is none, which is no value of the member. */
const before = <T>(record: T | undefined, name: keyof T): unknown => record?.[name]

export const CARD_TABLE = tableOf<Card>('card', {
  first6: usually(digitsForm(6), 'first digits of `pan`', (scope) => maskedPan(scope).slice(0, 6)),
  last4: usually(digitsForm(4), 'last digits of `pan`', (scope) => maskedPan(scope).slice(-4)),
  fingerprint: given(hexForm),
})

const RECORD = {
  messageKey: usually(keyForm, 'key of the message', ({ message }) => message),
  merchantId: usually(plainText, 'merchant of the entry', ({ entry }) => entry.merchantId),
  terminalId: usually(plainText, 'stream', ({ columns }) => columns.terminalId),
} as const

export const SALE_TABLE = tableOf<Sale>(
  'sale',
  {
    id: usually(hexForm, 'id of the sale of the claim', (scope) => saleBefore(scope)?.id),
    ...RECORD,
    batchNumber: usually(digitsForm(6), 'batch of the key', ({ parts }) => parts?.batchNumber),
    stan: usually(digitsForm(6), 'STAN of the key', ({ parts }) => parts?.stan),
    amount: usually(plainNumber, 'amount of the request', ({ amount }) => amount),
    currencyCode: usually(digitsForm(3), 'currency of the request', currencyOf),
    fee: usually(
      plainNumber,
      'fee of the sale of the claim, or null',
      (scope) => saleBefore(scope)?.fee ?? null,
    ),
    card: usually(
      objectForm(CARD_TABLE),
      'card of the sale of the claim, or null',
      (scope) => saleBefore(scope)?.card ?? null,
    ),
    rrn: usually(digitsForm(12), 'RRN of the answer, or of the row', ({ entry, columns }) =>
      entry.answer == null ? columns.rrn : entry.answer.rrn,
    ),
    authorizationCode: usually(
      digitsForm(6),
      'that of the answer, or null',
      ({ entry }) => entry.answer?.authorizationCode ?? null,
    ),
    status: usually(
      CODED_SALE_STATES,
      '`state` of the request, or by the answer',
      ({ request, isRefused }) => request.state ?? (isRefused === true ? 'declined' : 'approved'),
    ),
    soldAt: usually(
      timeForm,
      'time of the sale of the claim, or `at`',
      (scope) => saleBefore(scope)?.soldAt ?? scope.at,
    ),
    voidableUntil: usually(
      windowEndForm,
      'that of the sale of the claim, or absent',
      (scope) => saleBefore(scope)?.voidableUntil,
    ),
    isRrnMade: usually(
      truth,
      '1 of a captured sale without `rrn` in its request',
      ({ entry, request, isTerminals }) =>
        (isTerminals && entry.door === 'json' && request.rrn === undefined) || undefined,
    ),
  },
  ['id', 'card'],
)

export const VOID_RECORD_TABLE = tableOf<VoidRecord>(
  'void',
  {
    id: usually(hexForm, 'id of the void of the claim', (scope) => voidBefore(scope)?.id),
    ...RECORD,
    saleId: usually(
      hexForm,
      'that of the claim, or of the request',
      (scope) => before(voidBefore(scope), 'saleId') ?? scope.request.saleId,
    ),
    batchNumber: usually(
      digitsForm(6),
      'batch of the claim, or of the key',
      (scope) => before(voidBefore(scope), 'batchNumber') ?? scope.parts?.batchNumber,
    ),
    stan: usually(digitsForm(6), 'STAN of the key, or null', ({ parts }) => parts?.stan ?? null),
    amount: usually(
      plainNumber,
      'amount of the claim, or of the request',
      (scope) => before(voidBefore(scope), 'amount') ?? scope.amount,
    ),
    currencyCode: usually(
      digitsForm(3),
      'currency of the claim, or of the request',
      (scope) => before(voidBefore(scope), 'currencyCode') ?? currencyOf(scope),
    ),
    rrn: usually(digitsForm(12), 'RRN of the answer, or of the row', ({ entry, columns }) =>
      entry.answer == null ? columns.rrn : entry.answer.rrn,
    ),
    originalRrn: usually(
      digitsForm(12),
      'that of the claim, or field 37',
      (scope) => before(voidBefore(scope), 'originalRrn') ?? scope.request['37'],
    ),
    authorizationCode: usually(
      digitsForm(6),
      'that of the answer, or null',
      ({ entry }) => entry.answer?.authorizationCode ?? null,
    ),
    reason: usually(
      CODED_VOID_REASONS,
      '`reason` of the request, or null',
      ({ request }) => request.reason ?? null,
    ),
    feeReturned: usually(
      plainNumber,
      'that of the claim, or null',
      (scope) => before(voidBefore(scope), 'feeReturned') ?? null,
    ),
    voidedAt: usually(
      timeForm,
      'that of the claim, or `at`',
      (scope) => voidBefore(scope)?.voidedAt ?? scope.at,
    ),
    state: usually(CODED_STATES, 'by the answer; `pending` without one', ({ isRefused }) =>
      isRefused === undefined ? 'pending' : isRefused ? 'declined' : 'approved',
    ),
  },
  ['id', 'saleId', 'batchNumber', 'originalRrn'],
)

export const VOID_MOVED_TABLE = tableOf<NonNullable<Effects['voidMoved']>>('moved void', {
  id: usually(hexForm, 'id of the void of the claim', (scope) => voidBefore(scope)?.id),
  state: usually(CODED_STATES, '`undoing` of a give-up, else `reversed`', ({ kind }) =>
    kind === 'give_up' ? 'undoing' : 'reversed',
  ),
  reversedAt: usually(timeForm, '`at` of a reversal, else null', ({ isReversal, at }) =>
    isReversal ? at : null,
  ),
  reversedLate: optionally(truth),
})
