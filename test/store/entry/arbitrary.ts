/** @module Random entries of every kind, from usual values and from any values, with and without each member. */

import fc from 'fast-check'
import { posMessageKey } from '../../../src/domain/message-key.ts'
import type { DraftEntry } from '../../../src/domain/types.ts'
import { STORED_KINDS } from '../../../src/store/entry/entry.ts'
import { MID, TID } from '../../domain/fixtures.ts'
import { batchBefore, batchOf, closing } from './arbitrary-batch.ts'
import { merchantRules, messageForms } from './message-forms.ts'

/** JSON has no −0, and no decision gives one. */
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
)
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('', '0', '.', '__proto__'),
)
const digits = (length: number) =>
  fc.oneof(
    fc.nat(10 ** length - 1).map((value) => String(value).padStart(length, '0')),
    anyText,
  )
const code = (...names: string[]) => fc.oneof(fc.constantFrom(...names), anyText)
const hex = fc.oneof(
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => bytes.toHex()),
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytes.toHex()),
  fc.constantFrom('AB', 'abc', 'ab', '.ab'),
  anyText,
)

/** A record with all of the first members, and any of the second. */
const withOptional = <A, B>(required: Arbitraries<A>, optional: Arbitraries<B>) =>
  fc
    .tuple(fc.record(required), fc.record(optional, { requiredKeys: [] }))
    .map(([always, sometimes]) => ({ ...always, ...sometimes }))
type Arbitraries<T> = { [Name in keyof T]: fc.Arbitrary<T[Name]> }

const AT = Date.UTC(2026, 5, 1, 15, 30)
const time = fc.oneof(fc.constantFrom(AT, AT + 180_000, AT + 40_000), fc.nat(2e12), number)
const amount = fc.oneof(fc.constantFrom(1234, 0), fc.nat(999_999_999_999), number)
const orNull = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null, freq: 3 })

const POS_KINDS = ['sale', 'void', 'sale_reversal', 'void_reversal', 'settlement', 'upload_end'] as const
const keyOf = (kind: (typeof POS_KINDS)[number]) =>
  posMessageKey({ terminalId: TID, batchNumber: '000001', stan: '000002' }, kind)
const FORMS: readonly ((key: string) => string)[] = [
  (key) => key,
  (key) => `${key}|o`,
  (key) => `${key}|give_up`,
  (key) => `${key}|case|17`,
  (key) => `${key}|case_closed|18`,
  (key) => `${key}|case_note|${'5'.repeat(32)}`,
  (key) => `${key}|acquirer_undone`,
  (key) => `${key}|tombstoned`,
]
const ownKey = fc.oneof(
  fc.tuple(fc.constantFrom(...POS_KINDS), fc.constantFrom(...FORMS)).map(([kind, form]) => form(keyOf(kind))),
  hex.map((fingerprint) => `api|${MID}|void|${fingerprint}`),
  fc.constantFrom(`merchant:${MID}|3`, `acquirer|${TID}|000001|000777|void`, 'api|admin|provision|x'),
  anyText,
)
const merchantId = fc.oneof(fc.constant(MID), anyText)
const terminalId = fc.oneof(fc.constant(TID), anyText)
const stan = fc.oneof(fc.constant('000002'), digits(6))
const batchNumber = fc.oneof(fc.constant('000001'), digits(6))
const rrn = fc.oneof(fc.constantFrom('000000000102', '900000000001'), digits(12))
const state = code('pending', 'undoing', 'approved', 'declined', 'reversing', 'reversed')
const acquirerStatus = code('approved', 'declined', 'reversed', 'absent')
const caseReason = code('no_answer', 'reversal_refused', 'record_differs', 'only_acquirer')
const currencyCode = fc.oneof(fc.constant('156'), digits(3))

const card = fc.record({ first6: digits(6), last4: digits(4), fingerprint: hex })

const sale = withOptional(
  {
    id: hex,
    messageKey: ownKey,
    merchantId,
    terminalId,
    batchNumber,
    stan,
    amount,
    currencyCode,
    fee: orNull(amount),
    card: orNull(card),
    rrn,
    authorizationCode: orNull(digits(6)),
    status: code('approved', 'declined'),
    soldAt: time,
  },
  { voidableUntil: orNull(time), isRrnMade: fc.constant(true) },
)

const voidRecord = fc.record({
  id: hex,
  messageKey: ownKey,
  saleId: hex,
  merchantId,
  terminalId,
  batchNumber,
  stan: orNull(stan),
  amount,
  currencyCode,
  rrn,
  originalRrn: rrn,
  authorizationCode: orNull(digits(6)),
  reason: orNull(anyText),
  feeReturned: orNull(amount),
  voidedAt: time,
  state,
})

const claim = fc.record({
  messageKey: ownKey,
  kind: code('sale', 'void'),
  merchantId,
  terminalId,
  batchNumber,
  acquirerStan: stan,
  amount,
  currencyCode,
  original: orNull(fc.record({ batchNumber, stan, rrn: orNull(rrn), authorizationCode: orNull(digits(6)) })),
  rrn,
  acquirerRrn: orNull(rrn),
  state,
  claimedAt: time,
  movedAt: time,
  decideBy: time,
  caseReason: orNull(caseReason),
  caseOpenedAt: orNull(time),
  caseClosedAt: orNull(time),
  acquirerStatus: orNull(acquirerStatus),
  acquirerAmount: orNull(amount),
})

const move = withOptional(
  { messageKey: ownKey, state, at: time, nextAt: orNull(time) },
  {
    decideBy: time,
    acquirerRrn: orNull(rrn),
    acquirerStatus,
    acquirerAmount: orNull(amount),
    caseReason,
  },
)

const effects = fc.record(
  {
    sale,
    voidRecord,
    voidMoved: withOptional({ id: hex, state, reversedAt: orNull(time) }, { reversedLate: fc.boolean() }),
    claim,
    claimedSale: sale,
    acquirerMoves: fc.array(move, { maxLength: 3 }),
    reversals: fc.array(
      withOptional(
        { targetKey: ownKey, kind: code('reversed', 'tombstone') },
        { stillCounted: fc.constant(true) },
      ),
      { maxLength: 3 },
    ),
    batch: batchBefore,
    nextBatch: batchOf(batchNumber),
    closing: closing(time),
    terminal: withOptional(
      {
        status: code('active', 'blocked', 'stolen', 'retired'),
        macProfile: code('cup-ecb', 'x9.9', 'xor-3des'),
        textEncoding: code('gbk', 'ascii'),
        settlementMac: code('optional', 'required'),
      },
      messageForms,
    ),
    merchant: withOptional(
      {
        merchantId,
        name: anyText,
        status: code('active', 'closed'),
        timeZone: code('Asia/Shanghai', 'Europe/Lisbon'),
        cutOff: code('23:00', '22:00'),
        window: fc.oneof(
          fc.constantFrom({ kind: 'business_day' }, { kind: 'same_batch' }),
          fc.record({ kind: fc.constant('minutes'), minutes: fc.nat(10_000) }),
        ),
        currencyCode,
      },
      merchantRules,
    ),
    keyVersion: orNull(time),
    tmkVersion: time,
    apiKey: fc.record({
      id: hex,
      merchantId: orNull(merchantId),
      name: anyText,
      scopes: fc.array(code('read', 'sales:write', 'admin'), { maxLength: 3 }),
      hash: hex,
      createdAt: time,
      expiresAt: orNull(time),
      revokedAt: orNull(time),
    }),
  },
  { requiredKeys: [] },
)

const answer = withOptional(
  {
    responseCode: code('00', '25', 'A0'),
    reason: orNull(code('original_not_found', 'mac_mismatch')),
    rrn,
    authorizationCode: orNull(digits(6)),
    at: time,
    localTime: fc.oneof(fc.constantFrom('233000', '163000', '211500'), digits(6)),
    localDate: fc.oneof(fc.constantFrom('0601', '0602'), digits(4)),
    settlementDate: fc.oneof(fc.constantFrom('0601', '0602'), digits(4)),
    textEncoding: code('gbk', 'ascii'),
  },
  {
    totals: fc.oneof(
      fc.constant(`${'0'.repeat(9)}123001${'0'.repeat(15)}1${'0'.repeat(30)}1`),
      fc.constant('9'.repeat(62)),
      anyText,
    ),
    voidableUntil: orNull(time),
    texts: fc.constant('short'),
  },
)

const FIELD_NAMES = '0 3 4 11 22 23 25 37 38 39 41 42 49 53 60 61'.split(' ')
const JSON_NAMES = [
  'saleId',
  'amount',
  'currency',
  'reason',
  'state',
  'pan',
  'rrn',
  'acquirerAmount',
  'others',
]
const SETTING_NAMES = ['status', 'macProfile', 'newMasterKey', 'window', 'timeZone', 'name']
const requestText = fc.oneof(
  fc.constantFrom('0200', '000000001234', '000002', '156', '00', '22000001000', '000001000001', '1234', '-1'),
  fc.constantFrom(
    '622500******0014',
    'approved',
    'declined',
    '{"kind":"minutes","minutes":5}',
    '1e3',
    '01',
    '9'.repeat(15),
    '9'.repeat(18),
  ),
  hex,
  digits(12),
  anyText,
)
const request = fc.dictionary(
  fc.oneof(fc.constantFrom(...FIELD_NAMES, ...JSON_NAMES, ...SETTING_NAMES), anyText),
  requestText,
  { maxKeys: 8, noNullPrototype: true },
)

const actor = fc.record({
  channel: fc.constantFrom('pos', 'api', 'cron', 'cli'),
  operator: orNull(anyText),
  keyId: orNull(anyText),
  address: orNull(code('192.0.2.0/24', '2001:db8::/48')),
  policy: orNull(fc.nat()),
})

/** An entry of any kind. The types of the domain do not have every text that the journal could keep. */
export const draftEntry = withOptional(
  {
    terminalId: fc.oneof(fc.constantFrom(TID, `merchant:${MID}`, 'region'), anyText),
    merchantId,
    kind: fc.constantFrom(...STORED_KINDS),
    messageKey: ownKey,
    contentFingerprint: hex,
    door: fc.constantFrom('terminal', 'json'),
    request,
    answer: orNull(answer),
    effects,
    at: time,
  },
  { actor },
) as fc.Arbitrary<DraftEntry>

export const rowRrn = orNull(rrn)

/** The merchant of the terminal, as far as it is known. */
export const ofTerminal = orNull(merchantId)
