/**
 * @module A terminal of a world: a virtual terminal that obeys the terminal's rules, in the hands of someone who sells, voids,
 * reverses, settles, pulls the plug and tries again.
 */

import { posMessageKey } from '../../src/domain/message-key.ts'
import type { MacProfile } from '../../src/domain/types.ts'
import { identityOf, transactionTypeOf } from '../../src/iso8583/cup.ts'
import type { Message } from '../../src/iso8583/message.ts'
import { readMessage } from '../../src/iso8583/received.ts'
import { type Exchange, exchangeMessage, type Link } from '../../src/terminal/exchange.ts'
import { newTerminalState, type TerminalState, takeStan } from '../../src/terminal/state.ts'
import { type Outcome, VirtualTerminal } from '../../src/terminal/virtual-terminal.ts'
import { openMacKey } from '../../src/terminal/working-keys.ts'
import type { ClientAnswer, Sent } from './book.ts'
import { type ActorContext, Power } from './context.ts'
import { HEADER, postFrame, TPDU } from './wire.ts'

/** How long a terminal waits for an answer, as a rule. */
export const DEADLINE_MS = 60_000

export const ACTIONS = ['sale', 'void', 'reverse', 'settle', 'signOn', 'resend', 'echo'] as const
export type Habits = Readonly<Record<(typeof ACTIONS)[number], number>>

export interface TestTerminalOptions {
  readonly merchantId: string
  readonly terminalId: string
  readonly macProfile: MacProfile
  readonly tmk: Uint8Array
  readonly settlementMac: boolean
  readonly habits: Habits
  readonly cards: readonly string[]
  /** How long it waits for an answer, in milliseconds. */
  readonly deadline?: number
  /** Mean time between two actions, in milliseconds. */
  readonly pause: number
  /** Sales are made elsewhere and fed to us: told to `captureSales`, the terminal has them in its log. */
  readonly captureSales:
    | ((testTerminal: TestTerminal, stan: string, amount: number, pan: string) => Promise<void>)
    | null
}

export const keyOf = (message: Message): string | null => {
  const type = transactionTypeOf(message)
  if (type === undefined || type === 'sign_on' || type === 'sign_off' || type === 'echo') return null
  return posMessageKey(identityOf(message), type === 'upload' ? 'upload_end' : type)
}

/** Entries are replaced, never changed. */
const copyOf = (state: TerminalState): TerminalState => ({ ...state, log: [...state.log] })

export class TestTerminal {
  readonly options: TestTerminalOptions
  state: TerminalState
  /** Reversals that the terminal gave up, as its rules let it (protocol.md §3.5), by the key of what they were about. */
  readonly dropped: string[] = []
  isDone = false
  readonly #context: ActorContext
  #terminal: VirtualTerminal
  #power: Power
  #left = 0
  /** Exchanges in a row. */
  #unanswered = 0
  #saved: TerminalState
  #lastFrame: Uint8Array | null = null

  constructor(context: ActorContext, options: TestTerminalOptions) {
    this.#context = context
    this.options = options
    this.state = newTerminalState(options.merchantId, options.terminalId, options.macProfile)
    this.#saved = copyOf(this.state)
    this.#power = new Power(options.terminalId)
    this.#terminal = this.#switchOn()
  }

  /** Does this many things, one after the other. */
  start(actions: number): void {
    this.isDone = false
    this.#left = actions
    this.#live()
  }

  /** Signs on again and gets rid of what is pending, once all is calm. Resolves when nothing is owed. */
  async finish(): Promise<void> {
    for (let attempt = 0; attempt < 20; attempt++) {
      const { outcome } = await this.#terminal.signOn()
      if (outcome !== 'approved') continue
      const pending = this.state.pending?.stan
      const done = await this.#terminal.signOff()
      this.#notice(done, pending)
      if (done.ok && this.state.pending === null) return
    }
    throw new Error(`terminal ${this.options.terminalId} does not come to an end`)
  }

  /** As a terminal does, so that nothing it relies on is lost with the power. */
  save(): void {
    this.#saved = copyOf(this.state)
  }

  get owner(): Power {
    return this.#power
  }

  /** The terminal itself, for one who presses its keys. */
  get terminal(): VirtualTerminal {
    return this.#terminal
  }

  /** The latest sale or void, byte for byte. */
  get lastFrame(): Uint8Array | null {
    return this.#lastFrame
  }

  #switchOn(): VirtualTerminal {
    const { core, scheduler } = this.#context
    const { tmk, settlementMac } = this.options
    return new VirtualTerminal({
      core,
      tmk,
      settlementMac,
      state: this.state,
      now: () => scheduler.now,
      save: () => this.save(),
      observe: (exchange) => this.#observe(exchange),
      send: (frame) => this.#send(frame),
    })
  }

  #live(): void {
    const { scheduler, random, act } = this.#context
    act(this.#power, async () => {
      while (this.#left > 0) {
        await scheduler.sleep(random.delay(this.options.pause))
        this.#left--
        await this.#act()
      }
      this.isDone = true
    })
  }

  async #send(frame: Uint8Array): Promise<Uint8Array | null> {
    const { losesPower, network, scheduler, random, spare } = this.#context
    this.#enter(frame)
    const over = this.#unanswered < 2 ? () => {} : spare()
    const { deadline = DEADLINE_MS } = this.options
    const sending = network.send(postFrame(frame), deadline)
    if (losesPower()) scheduler.after(random.delay(200), this.#power, 'power cut', () => this.#cutPower())
    const reply = await sending
    over()
    return reply?.status === 200 ? reply.body : null
  }

  /** What was saved is all that it remembers. */
  #cutPower(): void {
    const { scheduler, random } = this.#context
    this.#power.cut()
    this.#power = new Power(this.options.terminalId)
    this.state = copyOf(this.#saved)
    this.#terminal = this.#switchOn()
    scheduler.after(1000 + random.delay(20_000), this.#power, 'power on', () => this.#live())
  }

  async #act(): Promise<void> {
    const { random } = this.#context
    const action = this.state.keys === null ? 'signOn' : random.weighted(this.options.habits)
    const pending = this.state.pending?.stan
    switch (action) {
      case 'signOn':
        await this.#terminal.signOn()
        // Its MAC is one under the keys of before.
        this.#lastFrame = null
        return
      case 'echo':
        await this.#terminal.echo()
        return
      case 'resend':
        if (this.#lastFrame !== null) await this.#terminal.resend(this.#lastFrame)
        return
      case 'sale':
        return this.#sell()
      case 'settle':
        return this.#notice(await this.#terminal.settle(), pending)
      case 'void':
      case 'reverse': {
        const { log, batchNumber } = this.state
        const approved = log.filter(
          (entry) => entry.status === 'approved' && entry.batchNumber === batchNumber,
        )
        const sales = action === 'void' ? approved.filter(({ kind }) => kind === 'sale') : approved
        if (sales.length === 0) return this.#sell()
        const { stan } = random.pick(sales)
        const done = action === 'void' ? this.#terminal.voidSale(stan) : this.#terminal.reverse(stan)
        return this.#notice(await done, pending)
      }
    }
  }

  async #sell(): Promise<void> {
    const { random } = this.#context
    const { cards, captureSales } = this.options
    // The last two digits choose the sandbox's answer.
    const amount = random.between(1, 300) * 100 + random.pick([0, 0, 0, 0, 0, 0, 5, 51, 98])
    const pan = random.pick(cards)
    if (captureSales !== null) return captureSales(this, takeStan(this.state), amount, pan)
    const pending = this.state.pending?.stan
    this.#notice(await this.#terminal.sale(amount, pan), pending)
  }

  /** A terminal that gave a pending reversal up, or that must sign on again. */
  #notice(outcome: Outcome, pending: string | undefined): void {
    if (!outcome.ok && outcome.error === 'reversal_failed' && pending !== undefined)
      this.dropped.push(pending)
    if (outcome.ok && (outcome.value.signOnAgain || outcome.value.responseCode === '77'))
      this.state.keys = null
  }

  #enter(frame: Uint8Array): void {
    const read = readMessage(frame, this.#context.core.lrc)
    const message = read.ok ? read.value.message : null
    const type = message === null ? undefined : transactionTypeOf(message)
    if (message === null || type === undefined) return
    const key = keyOf(message)
    if (key === null || type === 'sign_on' || type === 'sign_off' || type === 'echo' || type === 'upload')
      return
    if (type === 'void' || type === 'sale') this.#lastFrame = frame
    if (message.fields.has(64)) this.#context.observed.push({ frame, message })
    if (this.#context.observed.length > 20) this.#context.observed.shift()
    const { terminalId, merchantId } = this.options
    const { scheduler, book } = this.#context
    scheduler.note(`sends ${key}`)
    const names = { key, kind: type, terminalId, merchantId, idempotencyKey: null }
    book.enter({ ...names, sentAt: scheduler.now, ask: () => this.#ask(message) })
  }

  #observe(exchange: Exchange): void {
    const isAnswered = exchange.outcome === 'approved' || exchange.outcome === 'declined'
    this.#unanswered = isAnswered ? 0 : this.#unanswered + 1
    const key = keyOf(exchange.sent)
    const sent = key === null ? undefined : this.#context.book.sent.get(key)
    if (sent === undefined) return
    const answers = clientAnswerOf(exchange, this.#context.scheduler.now)
    if (answers !== null) this.#hear(sent, answers)
  }

  #hear(sent: Sent, answers: ClientAnswer): void {
    sent.answers.push(answers)
    this.#context.scheduler.note(`is told ${sent.key} ${answers.code} ${answers.rrn}`)
    const { merchantId, terminalId } = this.options
    const entry = this.state.log.find(({ stan }) => sent.key.endsWith(`|${stan}|sale`))
    if (sent.kind === 'sale' && answers.verdict === 'approved' && entry !== undefined)
      this.#context.sales.push({ merchantId, terminalId, rrn: answers.rrn, amount: entry.amount })
  }

  /** The same message once more, under the key that the terminal has now. */
  async #ask(message: Message): Promise<ClientAnswer | null> {
    const { core, scheduler, network } = this.#context
    const { macProfile, keys } = this.state
    const fields = new Map(message.fields)
    const hasMac = fields.delete(64)
    const link: Link = {
      core,
      macProfile,
      send: async (frame) => {
        const reply = await network.send(postFrame(frame), DEADLINE_MS)
        return reply?.status === 200 ? reply.body : null
      },
      now: () => scheduler.now,
      frame: 'tpdu',
      tpdu: TPDU,
      header: HEADER,
    }
    const macKey = keys === null || !hasMac ? null : openMacKey(core, macProfile, this.options.tmk, keys)
    if (macKey !== null && !macKey.ok) throw new Error(macKey.error)
    const exchange = await exchangeMessage(link, 'resend', { ...message, fields }, macKey?.value ?? null)
    return clientAnswerOf(exchange, scheduler.now)
  }

  /** The MAC key in clear, for the search after it. */
  secrets(): string[] {
    const { keys, macProfile } = this.state
    if (keys === null) return []
    const macKey = openMacKey(this.#context.core, macProfile, this.options.tmk, keys)
    return macKey.ok ? [Buffer.from(macKey.value).toString('hex')] : []
  }
}

export function clientAnswerOf(
  { outcome, received, responseCode }: Exchange,
  at: number,
): ClientAnswer | null {
  if ((outcome !== 'approved' && outcome !== 'declined') || received === null) return null
  const content = JSON.stringify([...received.fields].filter(([number]) => number !== 64))
  const rrn = received.fields.get(37) ?? ''
  return { at, verdict: outcome, code: responseCode ?? '', rrn, how: 'asked', content }
}
