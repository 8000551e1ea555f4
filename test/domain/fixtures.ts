/** @module One valid void, sale, reversal and settlement with all they need. Each test breaks one thing. */

import type { Generated, LoadedState } from '../../src/domain/decision.ts'
import { type PosKind, posMessageKey } from '../../src/domain/message-key.ts'
import { NO_TOTALS } from '../../src/domain/money.ts'
import type {
  CapturedSaleRequest,
  ReversalRequest,
  SaleRequest,
  SettlementRequest,
  UploadRequest,
  VoidRequest,
} from '../../src/domain/requests.ts'
import { USUAL_FORMS } from '../../src/domain/terminal-profile.ts'
import type {
  Answer,
  Batch,
  JournalEntry,
  Merchant,
  Sale,
  SaleState,
  Terminal,
  VoidRecord,
} from '../../src/domain/types.ts'

export const MID = '123456789012345'
export const TID = '12345678'

/** 2026-06-01T02:18:00Z, 10:18 in Shanghai. */
export const SOLD_AT = Date.UTC(2026, 5, 1, 2, 18)
export const NOW = SOLD_AT + 60_000

export const merchant: Merchant = {
  merchantId: MID,
  name: 'Test',
  status: 'active',
  timeZone: 'Asia/Shanghai',
  cutOff: '23:00',
  currencyCode: '156',
  window: { kind: 'business_day' },
}

/** It holds one sale of 12.34. */
export const batch: Batch = {
  ...NO_TOTALS,
  batchNumber: '000001',
  state: 'open',
  debitAmount: 1234,
  debitCount: 1,
}

export const terminal: Terminal = {
  terminalId: TID,
  merchantId: MID,
  status: 'active',
  macProfile: 'cup-ecb',
  textEncoding: 'gbk',
  settlementMac: 'optional',
  ...USUAL_FORMS,
  keyVersion: 1,
  tmkVersion: 1,
  batch,
  head: { seq: 2, hash: 'a'.repeat(64) },
}

export const keyOf = (stan: string, kind: PosKind, batchNumber = '000001'): string =>
  posMessageKey({ terminalId: TID, batchNumber, stan }, kind)

export const sale: Sale = {
  id: '1'.repeat(32),
  messageKey: keyOf('000001', 'sale'),
  merchantId: MID,
  terminalId: TID,
  batchNumber: '000001',
  stan: '000001',
  amount: 1234,
  currencyCode: '156',
  fee: 7,
  card: { first6: '622500', last4: '0014', fingerprint: 'c'.repeat(64) },
  rrn: '000000000101',
  authorizationCode: '000201',
  status: 'approved',
  soldAt: SOLD_AT,
}

export const original: SaleState = {
  sale,
  liveVoid: null,
  isVoidedByEntries: false,
  isVoidRowLost: false,
  isRrnOurs: false,
  reversed: false,
  ownVoids: [],
  forwarded: null,
  batchState: 'open',
}

export const loadedState: LoadedState = {
  terminal,
  merchant,
  earlier: null,
  reversal: null,
  original: null,
  isOriginalArchived: false,
  isOriginalPending: false,
  target: null,
  targetReversal: null,
  namedBatch: null,
  isBatchUsed: true,
  declared: null,
  claim: null,
  forwarded: null,
  targetForwarded: null,
  isTargetClaimed: false,
  isTargetFollowed: false,
  undecided: false,
  takenBy: null,
  needs: [],
  refusals: null,
}

export const generated: Generated = {
  now: NOW,
  rrn: '000000000102',
  authorizationCode: '000202',
  id: '2'.repeat(32),
  acquirerStan: '000302',
}

const identity = (stan: string, kind: PosKind) =>
  ({
    door: 'terminal',
    merchantId: MID,
    messageKey: keyOf(stan, kind),
    contentFingerprint: stan.repeat(10),
    request: { '11': stan },
    sender: { channel: 'pos', operator: '01', keyId: null, address: '203.0.113.0/24' },
  }) as const

export const saleRequest: SaleRequest = {
  ...identity('000001', 'sale'),
  kind: 'sale',
  terminalId: TID,
  batchNumber: '000001',
  stan: '000001',
  amount: 1234,
  currencyCode: '156',
  card: sale.card,
}

export const capturedSaleRequest: CapturedSaleRequest = {
  ...saleRequest,
  door: 'json',
  kind: 'captured_sale',
  status: 'approved',
  rrn: '900000000001',
  authorizationCode: '900001',
  fee: 7,
  soldAt: SOLD_AT,
}

/** Named by card and RRN, as a terminal sends it. */
export const voidRequest: VoidRequest = {
  ...identity('000002', 'void'),
  kind: 'void',
  pos: { terminalId: TID, batchNumber: '000001', stan: '000002', saleKey: sale.messageKey },
  amount: 1234,
  currencyCode: '156',
  cardFingerprint: 'c'.repeat(64),
  rrn: sale.rrn,
  authorizationCode: null,
  reason: null,
}

export const jsonVoidRequest: VoidRequest = {
  ...voidRequest,
  door: 'json',
  messageKey: `api|${MID}|void|order-1`,
  pos: null,
  cardFingerprint: null,
  rrn: null,
  reason: 'operator_error',
}

export const voidRecord: VoidRecord = {
  id: '2'.repeat(32),
  messageKey: voidRequest.messageKey,
  saleId: sale.id,
  merchantId: MID,
  terminalId: TID,
  batchNumber: '000001',
  stan: '000002',
  amount: 1234,
  currencyCode: '156',
  rrn: '000000000102',
  originalRrn: sale.rrn,
  authorizationCode: '000202',
  reason: null,
  feeReturned: 7,
  voidedAt: NOW,
  state: 'approved',
}

export const reversalOfSale: ReversalRequest = {
  ...identity('000001', 'sale_reversal'),
  kind: 'sale_reversal',
  terminalId: TID,
  cardFingerprint: null,
  targetKey: sale.messageKey,
  saleId: null,
  amount: 1234,
}

export const reversalOfVoid: ReversalRequest = {
  ...identity('000002', 'void_reversal'),
  kind: 'void_reversal',
  terminalId: TID,
  cardFingerprint: null,
  targetKey: voidRequest.messageKey,
  saleId: null,
  amount: 1234,
}

/** Field 48: the given domestic half, and an empty foreign half. */
export const totals = (debit: number, debits: number, credit: number, credits: number): string =>
  `${String(debit).padStart(12, '0')}${String(debits).padStart(3, '0')}${String(credit).padStart(12, '0')}` +
  `${String(credits).padStart(3, '0')}0${'0'.repeat(31)}`

export const settlementRequest: SettlementRequest = {
  ...identity('000009', 'settlement'),
  kind: 'settlement',
  terminalId: TID,
  batchNumber: '000001',
  totals: totals(1234, 1, 0, 0),
  isSigned: true,
}

export const uploadEnd: UploadRequest = {
  ...identity('000010', 'upload_end'),
  kind: 'upload_end',
  terminalId: TID,
  batchNumber: '000001',
  after: 'mismatch',
  isSigned: true,
}

export const approval: Answer = {
  responseCode: '00',
  reason: null,
  rrn: '000000000101',
  authorizationCode: '000201',
  at: SOLD_AT,
  localTime: '101800',
  localDate: '0601',
  settlementDate: '0601',
  textEncoding: 'gbk',
}

export const refusal: Answer = { ...approval, responseCode: '05', reason: 'issuer_declined' }

/** A journal entry with the key and content of `request`. */
export const entryFor = (
  request: { messageKey: string; contentFingerprint: string },
  more: Partial<JournalEntry> = {},
): JournalEntry => ({
  terminalId: TID,
  merchantId: MID,
  kind: 'sale',
  messageKey: request.messageKey,
  contentFingerprint: request.contentFingerprint,
  door: 'terminal',
  request: {},
  answer: approval,
  effects: {},
  at: SOLD_AT,
  seq: 1,
  hash: 'b'.repeat(64),
  ...more,
})

export const saleEntry = entryFor(saleRequest, { effects: { sale } })
export const voidEntry = entryFor(voidRequest, { kind: 'void', effects: { voidRecord }, seq: 2 })
