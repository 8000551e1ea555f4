/**
 * @module What may happen to one terminal: what it and a back office ask, what an acquirer says, and time. Sales and voids are named by
 * how long ago they came, so that most commands meet something; trace numbers are small, so that they meet again.
 */

import fc from 'fast-check'
import { ACQUIRER_STATUSES, type AcquirerStatus } from '../../src/domain/acquirer-state.ts'
import type { AcquirerEventRequest, CaseRequest } from '../../src/domain/requests.ts'

/** Which batch a message names: the open one, or the one before it. */
export type Named = 'open' | 'last'

interface Sent {
  readonly stan: number
  readonly batch: Named
}

type CardShown = 'right' | 'other' | 'none'

/**
 * Terminal's messages. `ago`: 0 is the latest of its kind; what is not there is named by a trace number that was never used.
 * `off`: by how much the amount is not the right one.
 */
type Asked =
  | (Sent & { readonly kind: 'sale'; readonly amount: number; readonly currency: string })
  | (Sent & {
      readonly kind: 'void'
      readonly ago: number
      /** How the sale is named: by field 61, by its RRN, by both, or field 61 names another than the RRN. */
      readonly by: 'key' | 'rrn' | 'both' | 'crossed'
      readonly off: number
      readonly card: CardShown
    })
  | {
      readonly kind: 'reversal'
      readonly of: 'sale' | 'void'
      readonly ago: number
      readonly off: number
      readonly card: CardShown
    }
  | (Sent & { readonly kind: 'settle'; readonly off: number })
  | (Sent & { readonly kind: 'upload'; readonly what: 'items' | 'mismatch' | 'match' })

/** A back office's. `key`: its Idempotency-Key. */
type Answered =
  | (Sent & {
      readonly kind: 'captured_sale'
      readonly amount: number
      readonly status: 'approved' | 'declined'
      /** An RRN of the feed's own; 0: none. */
      readonly rrn: number
    })
  | {
      readonly kind: 'json_void'
      readonly key: number
      readonly ago: number
      readonly off: number
      readonly currency: string
    }
  | {
      readonly kind: 'json_reversal'
      readonly key: number
      /** The void's Idempotency-Key. */
      readonly target: number
      readonly ago: number
      readonly off: number
    }
  | { readonly kind: 'provision'; readonly window: 'business_day' | 'same_batch' | 'minutes' }

/** Of a message that was forwarded. */
interface AcquirerReports {
  readonly kind: 'acquirer'
  readonly ago: number
  readonly event: AcquirerEventRequest['event']
}

/** A person, of a case. */
interface PersonDecides {
  readonly kind: 'case'
  readonly ago: number
  readonly resolution: CaseRequest['resolution']
}

/** A line of the acquirer's own list. */
interface AcquirerLists {
  readonly kind: 'reconciliation'
  readonly ago: number
  readonly status: AcquirerStatus
  /** By how much its amount is not ours; null: it names none. */
  readonly off: number | null
  /** How old the list is, in milliseconds. */
  readonly age: number
}

export type Message = Asked | Answered | AcquirerReports | PersonDecides | AcquirerLists
export type Command =
  | Message
  /** A message once more, as it was. */
  | { readonly kind: 'again'; readonly ago: number }
  | { readonly kind: 'wait'; readonly ms: number }

const ago = fc.constantFrom(0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 9)
/** From 40 on are those of reversals of what never came: of these some come after all. */
const stan = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 30 }) },
  { weight: 1, arbitrary: fc.constantFrom(40, 40, 41, 42) },
)
const key = fc.integer({ min: 1, max: 6 })
const amount = fc.constantFrom(100, 100, 250)
const off = fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 1)
const batch = fc.constantFrom<Named>('open', 'open', 'open', 'open', 'open', 'open', 'last')
const currency = fc.constantFrom('156', '156', '156', '156', '156', '156', '156', '840')
const card = fc.constantFrom<CardShown>('right', 'right', 'right', 'right', 'none', 'other')
const is = <K extends Command['kind']>(kind: K) => ({ kind: fc.constant(kind) })

const MINUTE = 60_000
const WAITS = [
  1,
  MINUTE - 1,
  MINUTE,
  MINUTE,
  MINUTE,
  3 * MINUTE,
  3 * MINUTE,
  3 * MINUTE,
  300 * MINUTE,
  900 * MINUTE,
]

const EVENTS = [
  'acquirer_approved',
  'acquirer_approved',
  'acquirer_approved',
  'acquirer_declined',
  'give_up',
  'give_up',
  'acquirer_undone',
  'acquirer_undone',
  'reversal_refused',
  'reversal_declined',
  'overdue',
] as const

/** With an acquirer behind us it has its say of what was forwarded; without one the amount of a sale says whether it is declined. */
export function commandOf(isRemote: boolean): fc.Arbitrary<Command> {
  const saleAmount = isRemote ? amount : fc.constantFrom(100, 100, 100, 100, 250, 105)
  const weighted: (readonly [number, fc.Arbitrary<Command>])[] = [
    [7, fc.record({ ...is('sale'), stan, batch, amount: saleAmount, currency })],
    [
      12,
      fc.record({
        ...is('void'),
        stan,
        batch,
        ago,
        by: fc.constantFrom('key', 'key', 'both', 'both', 'rrn', 'crossed'),
        off,
        card,
      }),
    ],
    [7, fc.record({ ...is('reversal'), of: fc.constantFrom('sale', 'void', 'void'), ago, off, card })],
    [2, fc.record({ ...is('settle'), stan, batch, off: fc.constantFrom(0, 0, 0, 1) })],
    [
      1,
      fc.record({
        ...is('upload'),
        stan,
        batch,
        what: fc.constantFrom('items', 'mismatch', 'mismatch', 'match'),
      }),
    ],
    [
      2,
      fc.record({
        ...is('captured_sale'),
        stan,
        batch,
        amount,
        status: fc.constantFrom('approved', 'approved', 'approved', 'declined'),
        rrn: fc.constantFrom(0, 0, 1, 2, 3),
      }),
    ],
    [4, fc.record({ ...is('json_void'), key, ago, off, currency })],
    [2, fc.record({ ...is('json_reversal'), key, target: key, ago, off })],
    [
      1,
      fc.record({
        ...is('provision'),
        window: fc.constantFrom('business_day', 'business_day', 'same_batch', 'minutes'),
      }),
    ],
    [3, fc.record({ ...is('again'), ago: fc.integer({ min: 0, max: 20 }) })],
    [6, fc.record({ ...is('wait'), ms: fc.constantFrom(...WAITS) })],
    [isRemote ? 24 : 0, fc.record({ ...is('acquirer'), ago, event: fc.constantFrom(...EVENTS) })],
    [
      isRemote ? 4 : 0,
      fc.record({
        ...is('reconciliation'),
        ago,
        status: fc.constantFrom(...ACQUIRER_STATUSES),
        off: fc.constantFrom(0, 0, 0, null, 1),
        age: fc.constantFrom(0, 0, 0, 30_000),
      }),
    ],
    [isRemote ? 9 : 0, fc.record({ ...is('case'), ago, resolution: fc.constantFrom('stands', 'undone') })],
  ]
  return fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })))
}
