/**
 * @module A harness for races, drawn from a seed: one terminal, up to four isolates over one database, and no
 * faults. The seed chooses the order of concurrent messages. A message without an answer is sent again.
 */

import type { EntryKind } from '../../src/domain/types.ts'
import { transactionTypeOf } from '../../src/iso8583/cup.ts'
import { buildFrame } from '../../src/iso8583/frame.ts'
import { toHex } from '../../src/iso8583/hex.ts'
import { packWithMac } from '../../src/iso8583/mac.ts'
import type { Message } from '../../src/iso8583/message.ts'
import { readMessage } from '../../src/iso8583/received.ts'
import { type Exchange, exchangeFrame, type Link } from '../../src/terminal/exchange.ts'
import { findEntry, type LogEntry, takeStan } from '../../src/terminal/state.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { VirtualTerminal } from '../../src/terminal/virtual-terminal.ts'
import { openMacKey } from '../../src/terminal/working-keys.ts'
import { must } from '../simulation/checks.ts'
import { Harness } from '../simulation/harness.ts'
import type { Row } from '../simulation/platform/d1.ts'
import { Random } from '../simulation/platform/random.ts'
import type { TestTerminal } from '../simulation/terminal.ts'
import { clientAnswerOf, keyOf } from '../simulation/terminal-message.ts'
import { HEADER, postFrame, TPDU } from '../simulation/wire.ts'

export interface RaceOptions {
  readonly seed: number
  readonly module: WebAssembly.Module
  readonly acquirer: 'sandbox' | 'https'
}

export interface RaceReport {
  readonly seed: number
  /** The results of the races, by name. */
  readonly tally: Readonly<Record<string, number>>
  /** The first violation, or null. */
  readonly violation: string | null
}

/** An answer that a terminal accepts. */
export interface RaceAnswer {
  readonly exchange: Exchange
  /** Field 39, or the two codes of field 48 in a settlement's answer. */
  readonly code: string
  /** The frame without length and addresses, hex. */
  readonly bytes: string
}

const PAN = testCard(14)
const DEADLINE_MS = 60_000
/** Far more than any race takes. */
const MOST_TRIES = 100
/** Bytes of length and TPDU. */
const ADDRESSES = 7

export class RaceHarness {
  readonly random: Random
  readonly testTerminal: TestTerminal
  readonly terminal: VirtualTerminal
  readonly #seed: number
  readonly #harness: Harness
  readonly #tally = new Map<string, number>()
  /** The mean delivery time of a message, in milliseconds. The smaller it is, the closer the race. */
  #spread = 1

  constructor({ seed, module, acquirer }: RaceOptions) {
    const random = new Random(seed)
    this.#seed = seed
    this.random = random
    this.#harness = new Harness({
      seed: random.next(),
      module,
      // 10:00 in Shanghai, long before the cut-off.
      start: Date.UTC(2026, 5, 1, 2) + random.below(60_000),
      acquirer,
      recovery: 'inquiry',
      isolates: random.between(1, 4),
      planTrip: () => ({ there: 1 + random.delay(3), back: 1 + random.delay(2), fate: 'done' }),
      planAcquirer: () => ({ there: 1 + random.delay(20), back: 1 + random.delay(20) }),
      planCopies: (isolates) => [
        { isolate: random.pick(isolates), there: 1 + random.delay(this.#spread), back: 1, fate: 'done' },
      ],
      losesPower: () => false,
    })
    this.testTerminal = this.#harness.openTerminal({
      merchantId: '100000000000001',
      terminalId: 'T0000001',
      macProfile: 'cup-ecb',
      settlementMac: true,
      weights: { sale: 1, void: 0, reverse: 0, settle: 0, signOn: 0, resend: 0, echo: 0 },
      cards: [PAN],
      pause: 1,
      captureSales: null,
    })
    this.terminal = new VirtualTerminal({
      core: this.#harness.context.core,
      tmk: this.testTerminal.options.tmk,
      state: this.testTerminal.state,
      settlementMac: true,
      now: () => this.now,
      send: async (frame) => (await this.send(frame)).exchange.answer,
    })
  }

  get now(): number {
    return this.#harness.scheduler.now
  }

  /** Signs on, races, and checks every rule. */
  async run(rounds: number, race: (harness: RaceHarness) => Promise<void>): Promise<RaceReport> {
    const harness = this.#harness
    let violation: string | null = null
    try {
      await harness.phase('provisioning', async () => {
        harness.addBearerKey(null)
        await harness.provision(this.testTerminal)
        await this.terminal.signOn()
      })
      for (let round = 0; round < rounds; round++) {
        this.#spread = this.random.pick([0, 1, 10, 100])
        await harness.phase(`race ${round}`, () => race(this))
      }
      await harness.check()
    } catch (error) {
      violation = harness.describe(error)
    }
    harness.storage.close()
    return { seed: this.#seed, tally: Object.fromEntries(this.#tally), violation }
  }

  count(what: string, times = 1): void {
    this.#tally.set(what, (this.#tally.get(what) ?? 0) + times)
  }

  /** An approved sale. */
  async sell(amount: number): Promise<LogEntry> {
    const done = await this.terminal.sale(amount, PAN)
    must(done.ok && done.value.outcome === 'approved', 'a sale was not approved')
    const entry = findEntry(this.testTerminal.state, done.value.sent.fields.get(11) ?? '')
    must(entry !== undefined, 'a sale is not in the log')
    return entry
  }

  /** Another void of a sale, as an entry of the terminal's log. */
  newVoid({ amount, pan, stan, batchNumber }: LogEntry): LogEntry {
    const names = { stan: takeStan(this.testTerminal.state), originalStan: stan, batchNumber }
    return { kind: 'void', amount, pan, ...names, status: 'unanswered' }
  }

  /** A message as sent on the wire, from the terminal's own address or another. */
  frame(message: Message, address = 0): Uint8Array {
    const { core } = this.#harness.context
    const macKey = this.#macKey()
    must(macKey !== null, 'not signed on')
    const body = packWithMac(message, (input) => core.computeMac('cup-ecb', macKey, input))
    return buildFrame('tpdu', TPDU.with(4, address), HEADER, body, core.lrc)
  }

  /** Sends it until it is answered. */
  async send(frame: Uint8Array): Promise<RaceAnswer> {
    const { scheduler, network, core, book } = this.#harness.context
    const read = readMessage(frame, core.lrc)
    must(read.ok, 'sent bytes that are not a message')
    const { message } = read.value
    const [key, kind] = [keyOf(message), transactionTypeOf(message)]
    const { terminalId, merchantId } = this.testTerminal.options
    const details = {
      terminalId,
      merchantId,
      idempotencyKey: null,
      sentAt: this.now,
      resend: async () => null,
    }
    const sent = key === null ? null : book.enter({ key, kind: kind as EntryKind, ...details })
    const link: Link = {
      core,
      macProfile: 'cup-ecb',
      now: () => this.now,
      frame: 'tpdu',
      tpdu: TPDU,
      header: HEADER,
      send: async () => {
        const reply = await network.send(postFrame(frame), DEADLINE_MS)
        return reply?.status === 200 ? reply.body : null
      },
    }
    for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
      const exchange = await exchangeFrame(link, 'resend', frame, this.#macKey())
      const { answer, outcome, fault } = exchange
      must(outcome !== 'invalid', `${key} got an invalid answer: ${fault}`)
      const clientAnswer = clientAnswerOf(exchange, this.now)
      if (clientAnswer !== null) sent?.answers.push(clientAnswer)
      if (answer !== null)
        return { exchange, code: exchange.responseCode ?? '', bytes: toHex(answer.subarray(ADDRESSES)) }
      this.count('missing answers')
      await scheduler.sleep(1000 + this.random.delay(1000))
    }
    must(false, `${key}: no answer after ${MOST_TRIES} tries`)
  }

  rows(sql: string, ...params: string[]): Row[] {
    return this.#harness.storage.rows(sql, ...params)
  }

  /** Lets this many milliseconds pass, with all their events. */
  rest(ms: number): Promise<void> {
    return this.#harness.scheduler.sleep(ms)
  }

  #macKey(): Uint8Array | null {
    const { state, options } = this.testTerminal
    if (state.keys === null) return null
    const macKey = openMacKey(this.#harness.context.core, 'cup-ecb', options.tmk, state.keys)
    must(macKey.ok, 'the keys do not open')
    return macKey.value
  }
}
