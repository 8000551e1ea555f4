/**
 * @module The events of one terminal: messages of the terminal and a back office, acquirer answers, and time.
 * Sales and voids are named by their age, so that most commands refer to an existing one. STANs are small, so
 * that they repeat.
 */

import fc from 'fast-check'
import { ACQUIRER_STATUSES, type AcquirerStatus } from '../../src/domain/acquirer-state.ts'
import type { AcquirerEventRequest, CaseRequest } from '../../src/domain/requests.ts'

/** The batch that a message names: the open one, or the one before it. */
export type Named = 'open' | 'last'

interface Sent {
  readonly stan: number
  readonly batch: Named
}

type CardShown = 'right' | 'other' | 'none'

/**
 * A terminal's messages. `ago`: 0 is the latest of its kind. A missing one is named by a STAN that was never
 * used. `off`: the difference from the right amount.
 */
type TerminalCommand =
  | (Sent & { readonly kind: 'sale'; readonly amount: number; readonly currency: string })
  | (Sent & {
      readonly kind: 'void'
      readonly ago: number
      /** The reference to the sale: field 61, its RRN, both, or a field 61 and an RRN of different sales. */
      readonly by: 'key' | 'rrn' | 'both' | 'crossed'
      /** Null: the message names no amount. */
      readonly off: number | null
      readonly card: CardShown
    })
  | {
      readonly kind: 'reversal'
      readonly of: 'sale' | 'void'
      readonly ago: number
      readonly off: number | null
      readonly card: CardShown
    }
  | (Sent & { readonly kind: 'settle'; readonly off: number; readonly isSigned: boolean })
  | (Sent & {
      readonly kind: 'upload'
      readonly what: 'items' | 'mismatch' | 'match'
      readonly isSigned: boolean
    })

/** A back office's messages. `key`: the Idempotency-Key. */
type BackOfficeCommand =
  | (Sent & {
      readonly kind: 'captured_sale'
      readonly amount: number
      readonly status: 'approved' | 'declined'
      /** The captured sale's own RRN; 0: none. */
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

/** For a forwarded message. */
interface AcquirerCommand {
  readonly kind: 'acquirer'
  readonly ago: number
  readonly event: AcquirerEventRequest['event']
}

/** A case decision. */
interface CaseCommand {
  readonly kind: 'case'
  readonly ago: number
  readonly resolution: CaseRequest['resolution']
}

/** A record from the acquirer's list. */
interface RecordCommand {
  readonly kind: 'reconciliation'
  readonly ago: number
  readonly status: AcquirerStatus
  /** The difference from our amount. Null: the record has none. */
  readonly off: number | null
  /** The age of the list, in milliseconds. */
  readonly age: number
}

export type Message = TerminalCommand | BackOfficeCommand | AcquirerCommand | CaseCommand | RecordCommand
export type Command =
  | Message
  /** A repeated message. */
  | { readonly kind: 'again'; readonly ago: number }
  | { readonly kind: 'wait'; readonly ms: number }

const ago = fc.constantFrom(0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 9)
/** STANs from 40 on belong to reversals of missing messages. Some of those messages arrive later. */
const stan = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 30 }) },
  { weight: 1, arbitrary: fc.constantFrom(40, 40, 41, 42) },
)
const key = fc.integer({ min: 1, max: 6 })
const amount = fc.constantFrom(100, 100, 250)
const off = fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 1)
const offOrNone = fc.constantFrom(0, 0, 0, 0, 0, 0, null, null, 1)
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

/** With an acquirer, forwarded messages get its answers. Without one, the amount of a sale decides. */
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
        off: offOrNone,
        card,
      }),
    ],
    [
      7,
      fc.record({
        ...is('reversal'),
        of: fc.constantFrom('sale', 'void', 'void'),
        ago,
        off: offOrNone,
        card,
      }),
    ],
    [
      2,
      fc.record({ ...is('settle'), stan, batch, off: fc.constantFrom(0, 0, 0, 1), isSigned: fc.boolean() }),
    ],
    [
      1,
      fc.record({
        ...is('upload'),
        stan,
        batch,
        what: fc.constantFrom('items', 'mismatch', 'mismatch', 'match'),
        isSigned: fc.boolean(),
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
