/** @module The effects of an entry as a list. Totals are the change that the entry makes to them. */

import { cutTotals, NO_TOTALS, nextBatchNumber, readTotals } from '../../domain/money.ts'
import { changeOf, subtractTotals } from '../../domain/office-totals.ts'
import type { StoredProfile } from '../../domain/terminal-profile.ts'
import type { BatchClosing, Totals } from '../../domain/totals.ts'
import type { Batch, Effects, Merchant, StoredEffects } from '../../domain/types.ts'
import { CLAIM_TABLE, MOVE_TABLE, REVERSAL_TABLE } from './acquirer.ts'
import { API_KEY_TABLE } from './api-key.ts'
import {
  CODED_BATCHES,
  CODED_CARD_CHECKS,
  CODED_ENCODINGS,
  CODED_ENTRY_MODES,
  CODED_LATE_REVERSALS,
  CODED_MERCHANTS,
  CODED_PADDINGS,
  CODED_PROFILES,
  CODED_SETTLEMENT_MACS,
  CODED_TERMINALS,
  CODED_TEXTS,
  CODED_VOID_FORMS,
  USUAL_MERCHANT,
} from './codes.ts'
import type { EntryScope } from './columns.ts'
import { SALE_TABLE, VOID_MOVED_TABLE, VOID_RECORD_TABLE } from './records.ts'
import {
  describeList,
  listForm,
  objectForm,
  optionally,
  readList,
  tableOf,
  usually,
  writeObject,
} from './schema.ts'
import {
  decideWithinForm,
  digitsForm,
  plainNumber,
  plainText,
  timeForm,
  truth,
  type ValueForm,
  windowForm,
} from './values.ts'

/** The usual change of the counts of sales (debits) and voids (credits), by the kind of the entry. */
const USUAL_COUNTS: Readonly<Record<string, readonly [debits: number, credits: number]>> = {
  sale: [1, 0],
  void: [0, 1],
  sale_reversal: [-1, 0],
  void_reversal: [0, -1],
}

/** `count` times the amount of the entry. Zero without a count, also when there is no amount; never −0. */
function amountOf({ record, amount }: EntryScope, count = 0): number {
  return count === 0 ? 0 : count * (record?.amount ?? amount) + 0
}

/** The change of the office's part: for a JSON void one void more, for its reversal one less. */
export const OFFICE_TABLE = tableOf<Totals>('part of the office', {
  debitCount: usually(plainNumber, '0', () => 0),
  creditCount: usually(plainNumber, '1 of a void, −1 of its reversal, else 0', ({ kind }) =>
    Number(USUAL_COUNTS[kind]?.[1] ?? 0),
  ),
  debitAmount: usually(plainNumber, 'amount, times the count', (scope, { debitCount }) =>
    amountOf(scope, debitCount),
  ),
  creditAmount: usually(plainNumber, 'amount, times the count', (scope, { creditCount }) =>
    amountOf(scope, creditCount),
  ),
})

export const BATCH_CHANGE_TABLE = tableOf<Batch>('change of a batch', {
  batchNumber: usually(
    digitsForm(6),
    'batch of the record, or of the key',
    ({ record, parts }) => record?.batchNumber ?? parts?.batchNumber,
  ),
  state: usually(CODED_BATCHES, '`closed` with a next batch, else `open`', ({ kind }) =>
    kind === 'settlement' || kind === 'upload_end' ? 'closed' : 'open',
  ),
  debitCount: usually(plainNumber, '1 of a sale, −1 of its reversal, else 0', ({ kind }) =>
    Number(USUAL_COUNTS[kind]?.[0] ?? 0),
  ),
  creditCount: usually(plainNumber, '1 of a void, −1 of its reversal, else 0', ({ kind }) =>
    Number(USUAL_COUNTS[kind]?.[1] ?? 0),
  ),
  debitAmount: usually(plainNumber, 'amount, times the count', (scope, { debitCount }) =>
    amountOf(scope, debitCount),
  ),
  creditAmount: usually(plainNumber, 'amount, times the count', (scope, { creditCount }) =>
    amountOf(scope, creditCount),
  ),
  office: optionally(objectForm(OFFICE_TABLE)),
})

export const NEXT_BATCH_TABLE = tableOf<Batch>('next batch', {
  batchNumber: usually(digitsForm(6), 'the number after that of the change', ({ effects }) =>
    effects.batchChange === undefined ? undefined : nextBatchNumber(effects.batchChange.batchNumber),
  ),
  state: usually(CODED_BATCHES, '`open`', () => 'open'),
  debitAmount: usually(plainNumber, '0', () => 0),
  debitCount: usually(plainNumber, '0', () => 0),
  creditAmount: usually(plainNumber, '0', () => 0),
  creditCount: usually(plainNumber, '0', () => 0),
  office: optionally(objectForm(OFFICE_TABLE)),
})

export const TOTALS_TABLE = tableOf<Totals>('totals', {
  debitAmount: usually(plainNumber, '0', () => 0),
  debitCount: usually(plainNumber, '0', () => 0),
  creditAmount: usually(plainNumber, '0', () => 0),
  creditCount: usually(plainNumber, '0', () => 0),
})

/** The domestic half of field 48. */
function domesticOf(totals: string | undefined): Totals | undefined {
  return totals !== undefined && /^\d{30}/.test(totals) ? readTotals(totals)[0] : undefined
}

/** The declared totals without the own ones, as field 48 has them: amounts of 12 digits, counts of 3. */
function differenceOf({ own = NO_TOTALS, declared }: Partial<BatchClosing>): Totals | null {
  if (declared === null || declared === undefined) return null
  return subtractTotals(declared, cutTotals(own))
}

export const CLOSING_TABLE = tableOf<BatchClosing>('closing', {
  at: usually(timeForm, '`at`', ({ at }) => at),
  own: usually(objectForm(TOTALS_TABLE), 'totals of the answer', ({ entry }) =>
    domesticOf(entry.answer?.totals),
  ),
  office: usually(objectForm(TOTALS_TABLE), 'zeros', () => NO_TOTALS),
  declared: usually(
    objectForm(TOTALS_TABLE),
    'totals of the answer, or null',
    ({ entry }) => domesticOf(entry.answer?.totals) ?? null,
  ),
  declaredForeign: usually(objectForm(TOTALS_TABLE), 'zeros with `declared`, else null', (_, { declared }) =>
    declared === null ? null : NO_TOTALS,
  ),
  difference: usually(objectForm(TOTALS_TABLE), '`declared` without `own`, or null', (_, view) =>
    differenceOf(view),
  ),
})

export const PROFILE_TABLE = tableOf<StoredProfile>('terminal', {
  status: usually(CODED_TERMINALS, 'that of the request', ({ request }) => request.status),
  macProfile: usually(CODED_PROFILES, 'that of the request', ({ request }) => request.macProfile),
  textEncoding: usually(CODED_ENCODINGS, 'that of the request', ({ request }) => request.textEncoding),
  settlementMac: usually(
    CODED_SETTLEMENT_MACS,
    'that of the request',
    ({ request }) => request.settlementMac,
  ),
  texts: optionally(CODED_TEXTS),
  padding: optionally(CODED_PADDINGS),
  entryMode: optionally(CODED_ENTRY_MODES),
  cardCheck: optionally(CODED_CARD_CHECKS),
  headerLength: optionally(plainNumber),
  headerTlv: optionally(truth),
  voidForms: optionally(CODED_VOID_FORMS),
})

export const MERCHANT_TABLE = tableOf<Merchant>('merchant', {
  merchantId: usually(plainText, 'merchant of the entry', ({ entry }) => entry.merchantId),
  name: usually(
    plainText,
    'that of the request, or the number',
    ({ request, entry }) => request.name ?? entry.merchantId,
  ),
  status: usually(
    CODED_MERCHANTS,
    'that of the request, or `active`',
    ({ request }) => request.status ?? USUAL_MERCHANT.status,
  ),
  timeZone: usually(
    plainText,
    'that of the request, or `Asia/Shanghai`',
    ({ request }) => request.timeZone ?? USUAL_MERCHANT.timeZone,
  ),
  cutOff: usually(
    plainText,
    'that of the request, or `23:00`',
    ({ request }) => request.cutOff ?? USUAL_MERCHANT.cutOff,
  ),
  window: usually(windowForm, '`business_day`', () => ({ kind: 'business_day' })),
  currencyCode: usually(
    digitsForm(3),
    'that of the request, or 156',
    ({ request }) => request.currencyCode ?? USUAL_MERCHANT.currencyCode,
  ),
  lateReversals: optionally(CODED_LATE_REVERSALS),
  reasonRequired: optionally(truth),
  decideWithin: optionally(decideWithinForm),
})

export const EFFECTS_TABLE = tableOf<StoredEffects>('effects', {
  voidRecord: optionally(objectForm(VOID_RECORD_TABLE)),
  sale: optionally(objectForm(SALE_TABLE)),
  claimedSale: optionally(objectForm(SALE_TABLE)),
  claim: optionally(objectForm(CLAIM_TABLE)),
  voidMoved: optionally(objectForm(VOID_MOVED_TABLE)),
  acquirerMoves: optionally(listForm(MOVE_TABLE)),
  reversals: optionally(listForm(REVERSAL_TABLE)),
  batchChange: optionally(objectForm(BATCH_CHANGE_TABLE)),
  nextBatch: optionally(objectForm(NEXT_BATCH_TABLE)),
  terminal: optionally(objectForm(PROFILE_TABLE)),
  merchant: optionally(objectForm(MERCHANT_TABLE)),
  keyVersion: optionally(timeForm),
  apiKey: optionally(objectForm(API_KEY_TABLE)),
  tmkVersion: optionally(timeForm),
  closing: optionally(objectForm(CLOSING_TABLE)),
})

export const effectsForm: ValueForm = {
  name: EFFECTS_TABLE.name,
  describe: (stored, scope) => describeList(EFFECTS_TABLE, stored, scope),
  write: (value, scope) => writeObject(EFFECTS_TABLE, value as StoredEffects, scope),
  read(stored, scope) {
    const view: { -readonly [Name in keyof StoredEffects]: StoredEffects[Name] } = {}
    scope.effects = view
    return readList(EFFECTS_TABLE, stored, scope, view)
  },
}

/**
 * The effects with the totals as a change of `before`, the open batch of the decision. Throws RangeError when the
 * effects are of another batch, because its totals are not known.
 */
export function storedEffects({ batch, ...effects }: Effects, before: Batch | null): StoredEffects {
  const defined = Object.fromEntries(Object.entries(effects).filter(([, effect]) => effect !== undefined))
  if (batch === undefined) return defined
  if (before === null || before.batchNumber !== batch.batchNumber)
    throw new RangeError('the totals of another batch')
  return { ...defined, batchChange: changeOf(before, batch) }
}
