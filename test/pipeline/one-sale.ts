/** @module One sale of the terminal and its voids, sent straight to the pipeline. */

import type { Acquirer } from '../../src/acquirer/port.ts'
import { NO_SENDER } from '../../src/domain/request-actor.ts'
import type { Outcome, PipelineMessage } from '../../src/pipeline/types.ts'
import { keyOf, MID } from '../domain/fixtures.ts'
import type { Message as Command } from '../model/commands.ts'
import type { Knowledge } from '../model/knowledge.ts'
import { messageFor, messageOf } from '../model/messages.ts'
import { TestService } from '../support/test-service.ts'

export const AMOUNT = 100
export const SALE_KEY = keyOf('000001', 'sale')

/** The reason of a refusal, `approved`, or the kind of an outcome without an answer. */
const reasonOf = (outcome: Outcome): string =>
  outcome.kind === 'answered' ? (outcome.answer.reason ?? 'approved') : outcome.kind

/** An answer of the acquirer to the message with this key. */
function eventFor(event: 'acquirer_approved' | 'acquirer_declined', messageKey: string): PipelineMessage {
  const request = {
    kind: 'acquirer_event',
    door: 'terminal',
    merchantId: MID,
    messageKey,
    contentFingerprint: '',
    sender: NO_SENDER,
    request: {},
    event,
    acquirerRrn: null,
    authorizationCode: null,
    reason: null,
  } as const
  return {
    load: { terminalId: messageKey.slice(0, 8), messageKey },
    verify: async () => ({ kind: 'verified', found: null, request }),
  }
}

/** An approval of the acquirer for the message with this key. */
export const approvalOf = (messageKey: string): PipelineMessage => eventFor('acquirer_approved', messageKey)

export class OneSale {
  readonly service: TestService
  /** The message keys of the voids, oldest first. */
  readonly voids: string[] = []

  private constructor(acquirer: Acquirer) {
    this.service = new TestService(acquirer)
  }

  /** With a terminal, before the sale. */
  static async open(acquirer: Acquirer): Promise<OneSale> {
    const world = new OneSale(acquirer)
    await world.service.send(world.#message({ kind: 'provision', window: 'business_day' }, 0))
    return world
  }

  sell = () => this.#send({ kind: 'sale', stan: 1, batch: 'open', amount: AMOUNT, currency: '156' })

  async voidIt(stan: number): Promise<string> {
    const reason = await this.#send({
      ...{ kind: 'void', stan, batch: 'open', ago: 0, by: 'key', off: 0, card: 'right' },
    })
    if (reason === 'approved' || reason === 'pending')
      this.voids.push(keyOf(String(stan).padStart(6, '0'), 'void'))
    return reason
  }

  /** The reversal of the sale, or of the last void. */
  reverse = (of: 'sale' | 'void') => this.#send({ kind: 'reversal', of, ago: 0, off: 0, card: 'none' })

  /** An answer of the acquirer to the message with this key. */
  async settle(event: 'acquirer_approved' | 'acquirer_declined', messageKey: string): Promise<void> {
    await this.service.send(eventFor(event, messageKey))
  }

  /** How many more voids of the sale the entries make than they end. */
  get countOfVoids(): unknown {
    return this.service.rows('select sum(sign(void_of)) as n from journal')[0]?.n
  }

  #knowledge(): Knowledge {
    return {
      ...{ open: '000001', now: 0, debit: [0, 0], credit: [0, 0] },
      find: (of) => ({
        key: of === 'void' ? (this.voids.at(-1) ?? '') : SALE_KEY,
        kind: of === 'void' ? 'void' : 'sale',
        amount: AMOUNT,
        isAnswered: true,
        id: '',
        rrn: String(this.service.rows('select rrn from sale')[0]?.rrn),
      }),
    }
  }

  #message(command: Command, number = 1): PipelineMessage {
    const prepared = messageFor(command, this.#knowledge(), number)
    if (prepared === null) throw new Error('no message')
    return messageOf(prepared)
  }

  async #send(command: Command): Promise<string> {
    return reasonOf(await this.service.send(this.#message(command)))
  }
}
