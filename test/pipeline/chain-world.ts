/** @module A terminal with captured sales, and messages for it that come together. They are the same in each world. */

import fc from 'fast-check'
import type { Acquirer } from '../../src/acquirer/port.ts'
import { sandbox } from '../../src/acquirer/sandbox.ts'
import type { Outcome, PipelineMessage } from '../../src/pipeline/types.ts'
import { keyOf } from '../domain/fixtures.ts'
import type { Message } from '../model/commands.ts'
import type { Knowledge, KnownMessage } from '../model/knowledge.ts'
import { messageFor, messageOf, type PreparedMessage } from '../model/messages.ts'
import { TestService } from '../support/test-service.ts'
import { SILENT, scriptedAcquirer } from '../worker/scripted-acquirer.ts'

export const SALES = 8

/** STANs of the sales that the acquirer has not answered, if it is a remote one. */
const WAITING = [30, 31, 32, 33]

/** Two acquirers: one in this isolate, and a remote one whose answers never come, so that all approvals are claims. */
const ACQUIRERS = {
  'in this isolate': () => sandbox,
  remote: () => {
    const acquirer = scriptedAcquirer()
    acquirer.script = { sale: SILENT, void: SILENT }
    return acquirer.port
  },
}

export type AcquirerName = keyof typeof ACQUIRERS
export const ACQUIRER_NAMES = Object.keys(ACQUIRERS) as AcquirerName[]
export const acquirerNamed = (name: AcquirerName): Acquirer => ACQUIRERS[name]()

/** Sales that may come with the messages that name them. */
const LATER = [50, 51, 52, 53].map(
  (stan): KnownMessage => ({
    key: keyOf(`0000${stan}`, 'sale'),
    kind: 'sale',
    amount: 100,
    isAnswered: false,
    id: '',
    rrn: '',
  }),
)

export class World {
  readonly service: TestService
  sales: KnownMessage[] = []
  /** Sales that wait for the acquirer. */
  forwarded: KnownMessage[] = []

  constructor(acquirer: AcquirerName) {
    this.service = new TestService(acquirerNamed(acquirer))
  }

  async open(): Promise<this> {
    await this.service.send(messageOf(this.prepare({ kind: 'provision', window: 'business_day' }, 0)))
    for (let i = 1; i <= SALES; i++)
      await this.service.send(
        messageOf(
          this.prepare({
            kind: 'captured_sale',
            stan: i,
            batch: 'open',
            amount: 100,
            status: 'approved',
            rrn: 0,
          }),
        ),
      )
    for (const stan of WAITING)
      await this.service.send(
        messageOf(this.prepare({ kind: 'sale', stan, batch: 'open', amount: 100, currency: '156' })),
      )
    this.learn()
    // Their deadline is over.
    this.service.now += 600_000
    this.forwarded = this.service
      .rows<{ key: string }>('select message_key as key from acquirer_message order by message_key')
      .map(({ key }) => ({ key, kind: 'sale', amount: 100, isAnswered: false, id: '', rrn: '' }))
    return this
  }

  /** The sales that can be named. */
  learn(): void {
    this.sales = this.service
      .rows<{ key: string; id: string; rrn: string }>(
        'select message_key as key, id, rrn from sale order by message_key',
      )
      .map((row) => ({ ...row, kind: 'sale', amount: 100, isAnswered: true }))
  }

  prepare(command: Message, number = 1): PreparedMessage {
    const knowledge: Knowledge = {
      ...{ open: '000001', now: this.service.now, debit: [100 * SALES, SALES], credit: [0, 0] },
      find: (of, ago) => {
        if (of === 'forwarded') return this.forwarded[ago % Math.max(1, this.forwarded.length)]
        return of === 'void' ? undefined : (this.sales[ago] ?? LATER[ago - this.sales.length])
      },
    }
    const prepared = messageFor(command, knowledge, number)
    // Without a remote acquirer nothing waits for it.
    if (prepared === null)
      return this.prepare({ kind: 'sale', stan: 50, batch: 'open', amount: 100, currency: '156' })
    return prepared
  }

  /** The effects of the messages, without the values that each run draws anew. */
  effect() {
    const { service } = this
    return {
      batches: service.rows(
        'select batch_number, state, debit_amount, debit_count, credit_amount, credit_count, office_credit_count from batch',
      ),
      sales: service.rows('select message_key, amount, status, window_ms from sale order by message_key'),
      voids: service.rows('select message_key, amount, state from void order by message_key'),
      reversals: service.rows('select target_key, kind from reversal order by target_key'),
      claims: service.rows('select message_key, state from acquirer_message order by message_key'),
    }
  }

  /** Without a request to the acquirer: its answers are other entries. */
  sendTogether = (messages: readonly PreparedMessage[], isolate = this.service): Promise<Outcome[]> =>
    isolate.pipeline.submitEvents(
      messages.map((message) => messageOf(message) as PipelineMessage<null>),
      () => {},
    )

  keys = (): string[] =>
    this.service
      .rows<{ key: string }>(
        'select message_key as key from journal where seq > ? order by seq',
        SALES + WAITING.length + 1,
      )
      .map(({ key }) => key)
}

const known = fc.nat({ max: SALES - 1 })
const ago = fc.oneof(
  { weight: 3, arbitrary: known },
  { weight: 1, arbitrary: fc.integer({ min: SALES, max: SALES + LATER.length - 1 }) },
)
const small = (least: number) => fc.integer({ min: least, max: least + 3 })
const is = <K extends Message['kind']>(kind: K) => ({
  kind: fc.constant(kind),
  batch: fc.constant('open' as const),
})
const amount = fc.constantFrom(100, 100, 100, 250)
const off = fc.constantFrom(0, 0, 0, 0, 1)
/** STANs and keys are few, so that many messages have a key that another one has. */
export const commands: fc.Arbitrary<Message> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ ...is('sale'), stan: small(50), amount, currency: fc.constantFrom('156', '840') }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...is('captured_sale'),
      ...{
        stan: small(54),
        amount,
        status: fc.constantFrom('approved' as const, 'declined' as const),
        rrn: fc.nat({ max: 2 }),
      },
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      ...is('void'),
      ...{
        stan: fc.integer({ min: 60, max: 72 }),
        ago,
        by: fc.constantFrom('key' as const, 'rrn' as const, 'both' as const),
      },
      ...{ off, card: fc.constantFrom('right' as const, 'other' as const) },
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      ...is('json_void'),
      key: small(1),
      ago: known,
      off,
      currency: fc.constant('156'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      ...is('reversal'),
      of: fc.constant('sale' as const),
      ago,
      off,
      card: fc.constant('none' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ ...is('settle'), stan: fc.constant(80), off, isSigned: fc.boolean() }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('acquirer' as const),
      ago: fc.nat({ max: WAITING.length - 1 }),
      event: fc.constantFrom(
        'acquirer_approved' as const,
        'acquirer_declined' as const,
        'give_up' as const,
        'overdue' as const,
      ),
    }),
  },
) as fc.Arbitrary<Message>
