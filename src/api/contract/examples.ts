/** @module The examples of the contract: one merchant, one sale of 12.34 yuan, its void. The card is a test card. */

import { USUAL_FORMS } from '../../domain/terminal-profile.ts'
import type { CaseBody, MerchantBody, SaleBody, TerminalBody, VoidBody } from '../json/answer-schemas.ts'
import type { KeyBody } from '../json/key-schemas.ts'

export const EXAMPLE_MERCHANT_ID = '123456789012345'
export const EXAMPLE_TERMINAL_ID = '12345678'
export const EXAMPLE_SALE_ID = '217c9c2341b27a8f7a7f7f25a6887637'
export const EXAMPLE_VOID_ID = '2177bd2d4d8b4e0f9a6d3c1b2a997e10'

export const EXAMPLE_SALE: SaleBody = {
  id: EXAMPLE_SALE_ID,
  merchantId: EXAMPLE_MERCHANT_ID,
  terminalId: EXAMPLE_TERMINAL_ID,
  batchNumber: '000001',
  stan: '000002',
  amount: 1234,
  currency: '156',
  fee: null,
  card: { first6: '622500', last4: '0014' },
  rrn: '131482795537',
  authorizationCode: '331324',
  soldAt: '2026-06-01T02:18:00.000Z',
  state: 'approved',
  voidable: true,
  whyNotVoidable: null,
  voidableUntil: '2026-06-01T15:00:00.000Z',
  voidId: null,
  certainty: 'FINAL',
  doNext: 'nothing',
}

export const EXAMPLE_VOID: VoidBody = {
  id: EXAMPLE_VOID_ID,
  saleId: EXAMPLE_SALE_ID,
  state: 'approved',
  merchantId: EXAMPLE_MERCHANT_ID,
  terminalId: EXAMPLE_TERMINAL_ID,
  batchNumber: '000001',
  stan: null,
  amount: 1234,
  currency: '156',
  card: { first6: '622500', last4: '0014' },
  rrn: '605261256658',
  originalRrn: '131482795537',
  acquirerRrn: null,
  authorizationCode: '968411',
  reason: 'customer_changed_mind',
  fee: 0,
  feeReturned: null,
  destination: 'original_card',
  voidedAt: '2026-06-01T02:19:00.000Z',
  reversedAt: null,
  reversedLate: false,
  certainty: 'FINAL',
  doNext: 'print_receipt',
}

export const EXAMPLE_PENDING_VOID: VoidBody = {
  ...EXAMPLE_VOID,
  state: 'pending',
  authorizationCode: null,
  certainty: 'UNKNOWN',
  doNext: 'query',
  retryAfter: 2,
  decideBy: '2026-06-01T02:22:00.000Z',
}

export const EXAMPLE_MERCHANT: MerchantBody = {
  merchantId: EXAMPLE_MERCHANT_ID,
  name: '示例商店 Example Store',
  state: 'active',
  timeZone: 'Asia/Shanghai',
  cutOff: '23:00',
  currency: '156',
  window: { kind: 'business_day' },
  lateReversals: 'allow',
  reasonRequired: false,
  decideWithin: 180,
  certainty: 'FINAL',
  doNext: 'nothing',
}

export const EXAMPLE_TERMINAL: TerminalBody = {
  merchantId: EXAMPLE_MERCHANT_ID,
  terminalId: EXAMPLE_TERMINAL_ID,
  state: 'active',
  macProfile: 'cup-ecb',
  textEncoding: 'gbk',
  settlementMac: 'required',
  ...USUAL_FORMS,
  batchNumber: '000001',
  certainty: 'FINAL',
  doNext: 'nothing',
}

export const EXAMPLE_KEY: KeyBody = {
  id: '9f6e0c1d7b7a4a52b9d0a4c3f2e1d0c9',
  merchantId: EXAMPLE_MERCHANT_ID,
  name: 'back-office',
  scopes: ['read', 'voids:write'],
  state: 'active',
  createdAt: '2026-06-01T02:00:00.000Z',
  expiresAt: '2027-05-31T16:00:00.000Z',
  revokedAt: null,
  certainty: 'FINAL',
  doNext: 'nothing',
}

export const EXAMPLE_CASE: CaseBody = {
  rrn: '605261256658',
  state: 'open',
  reason: 'no_answer',
  why: { zh: '收单机构一直未应答', en: 'The acquirer did not answer' },
  openedAt: '2026-06-01T02:22:00.000Z',
  closedAt: null,
  kind: 'void',
  merchantId: EXAMPLE_MERCHANT_ID,
  terminalId: EXAMPLE_TERMINAL_ID,
  batchNumber: '000001',
  stan: null,
  amount: 1234,
  currency: '156',
  voidId: EXAMPLE_VOID_ID,
  receivedAt: '2026-06-01T02:19:00.000Z',
  sale: {
    id: EXAMPLE_SALE_ID,
    batchNumber: '000001',
    stan: '000002',
    rrn: '131482795537',
    amount: 1234,
    authorizationCode: '331324',
    card: { first6: '622500', last4: '0014' },
    soldAt: '2026-06-01T02:18:00.000Z',
  },
  ours: { state: 'undoing' },
  acquirer: {
    state: null,
    amount: null,
    stan: '731502',
    rrn: null,
    original: { batchNumber: '000001', stan: '612044', rrn: null, authorizationCode: null },
  },
  tries: 9,
  nextTryAt: '2026-06-01T03:22:00.000Z',
  history: [
    {
      seq: 3,
      kind: 'void_claim',
      at: '2026-06-01T02:19:00.000Z',
      door: 'json',
      actor: { channel: 'api', operator: null, keyId: '9f6e0c1d7b7a4a52b9d0a4c3f2e1d0c9' },
    },
  ],
  toDo: {
    zh: '请以收单机构的参考号或流水号向其查询该笔是否成立，再登记结果',
    en: 'Ask the acquirer by its references whether it stands there, then record the answer',
  },
  certainty: 'UNKNOWN',
  doNext: 'contact_acquirer',
}
