/** @module A terminal of a world: a virtual terminal, and its operator, who sells, voids, reverses, settles, cuts the power and retries. */

import { USUAL_FORMS } from '../../src/domain/terminal-profile.ts'
import { transactionTypeOf } from '../../src/iso8583/cup.ts'
import type { Message } from '../../src/iso8583/message.ts'
import { readMessage } from '../../src/iso8583/received.ts'
import { type Exchange, exchangeMessage, type Link } from '../../src/terminal/exchange.ts'
import { newTerminalState, type TerminalState, takeStan } from '../../src/terminal/state.ts'
import { type ExchangeResult, VirtualTerminal } from '../../src/terminal/virtual-terminal.ts'
import { openMacKey } from '../../src/terminal/working-keys.ts'
import type { ClientAnswer, Sent } from './book.ts'
import { type ActorContext, Power } from './context.ts'
import { noteForms } from './coverage.ts'
import { keepAnswer } from './kept-answer.ts'
import { SettledTotals } from './settled-totals.ts'
import { clientAnswerOf, keyOf } from './terminal-message.ts'
import { DEADLINE_MS, type TestTerminalOptions } from './terminal-options.ts'
import { HEADER, postFrame, TPDU } from './wire.ts'

/** Entries are replaced, never changed. */
const copyOf = (state: TerminalState): TerminalState => ({ ...state, log: [...state.log] })

export class TestTerminal {
  readonly options: TestTerminalOptions
  state: TerminalState
  /** The STANs of reversals that the terminal gave up, as its rules allow (protocol.md §3.5). */
  readonly dropped: string[] = []
  isDone = false
  readonly #context: ActorContext
  readonly #totals: SettledTotals
  #terminal: VirtualTerminal
  #tmk: Uint8Array
  /** A new master key, which its operator enters before the next action. */
  #nextTmk: Uint8Array | null = null
  #power: Power
  #left = 0
  /** Exchanges in a row. */
  #unanswered = 0
  #saved: TerminalState
  #lastFrame: Uint8Array | null = null

  constructor(context: ActorContext, options: TestTerminalOptions) {
    this.#context = context
    this.#totals = new SettledTotals(context)
    this.options = options
    this.#tmk = options.tmk
    this.state = newTerminalState(options.merchantId, options.terminalId, options.macProfile)
    this.#saved = copyOf(this.state)
    this.#power = new Power(options.terminalId)
    this.#terminal = this.#switchOn()
  }

  /** Does this many actions in turn. */
  start(actions: number): void {
    this.isDone = false
    this.#left = actions
    this.#run()
  }

  /**
   * Signs on again and clears the pending reversal, at the end, without faults. Resolves when nothing is
   * pending.
   */
  async finish(): Promise<void> {
    this.#enterMasterKey()
    for (let attempt = 0; attempt < 20; attempt++) {
      const { outcome } = await this.#terminal.signOn()
      if (outcome !== 'approved') continue
      const pending = this.state.pending?.stan
      const done = await this.#terminal.signOff()
      this.#notice(done, pending)
      if (done.ok && this.state.pending === null) return
    }
    throw new Error(`terminal ${this.options.terminalId} does not finish`)
  }

  /** Its working keys end with the old master key. */
  changeMasterKey(tmk: Uint8Array): void {
    this.#nextTmk = tmk
  }

  #enterMasterKey(): void {
    if (this.#nextTmk === null) return
    this.#tmk = this.#nextTmk
    this.#nextTmk = null
    this.state.keys = null
    this.#lastFrame = null
    this.save()
    this.#terminal = this.#switchOn()
  }

  /** As a terminal does, so that a power cut loses nothing that it relies on. */
  save(): void {
    this.#saved = copyOf(this.state)
  }

  get owner(): Power {
    return this.#power
  }

  /** The terminal itself, for direct use. */
  get terminal(): VirtualTerminal {
    return this.#terminal
  }

  /** The latest sale or void, byte for byte. */
  get lastFrame(): Uint8Array | null {
    return this.#lastFrame
  }

  #switchOn(): VirtualTerminal {
    const { core, scheduler } = this.#context
    const { settlementMac, sendsLeast = false, forms = USUAL_FORMS } = this.options
    return new VirtualTerminal({
      core,
      tmk: this.#tmk,
      settlementMac,
      sendsLeast,
      forms,
      state: this.state,
      now: () => scheduler.now,
      save: () => this.save(),
      observe: (exchange) => this.#observe(exchange),
      send: (frame) => this.#send(frame),
    })
  }

  #run(): void {
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
    const { losesPower, network, scheduler, random, pauseFaults: spare } = this.#context
    this.#recordSent(frame)
    const resumeFaults = this.#unanswered < 2 ? () => {} : spare()
    const { deadline = DEADLINE_MS } = this.options
    const sending = network.send(postFrame(frame), deadline)
    if (losesPower()) scheduler.after(random.delay(200), this.#power, 'power cut', () => this.#cutPower())
    const reply = await sending
    resumeFaults()
    return reply?.status === 200 ? reply.body : null
  }

  /** It remembers only what was saved. */
  #cutPower(): void {
    const { scheduler, random } = this.#context
    this.#power.cut()
    this.#power = new Power(this.options.terminalId)
    this.state = copyOf(this.#saved)
    this.#terminal = this.#switchOn()
    scheduler.after(1000 + random.delay(20_000), this.#power, 'power on', () => this.#run())
  }

  async #act(): Promise<void> {
    this.#enterMasterKey()
    const { random } = this.#context
    const action = this.state.keys === null ? 'signOn' : random.weighted(this.options.weights)
    const pending = this.state.pending?.stan
    switch (action) {
      case 'signOn':
        await this.#terminal.signOn()
        // Its MAC uses the old keys.
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
        return this.#settle(pending)
      case 'void':
      case 'reverse': {
        const { log, batchNumber } = this.state
        const approved = log.filter(
          (entry) => entry.status === 'approved' && entry.batchNumber === batchNumber,
        )
        const sales = action === 'void' ? approved.filter(({ kind }) => kind === 'sale') : approved
        if (sales.length === 0) return this.#sell()
        const { stan } = random.pick(sales)
        if (action === 'void') return this.#notice(await this.#terminal.voidSale(stan), pending)
        this.#totals.reverses(stan, batchNumber)
        const done = await this.#terminal.reverse(stan)
        this.#totals.answered(stan, done)
        return this.#notice(done, pending)
      }
    }
  }

  async #settle(pending: string | undefined): Promise<void> {
    const before = copyOf(this.state)
    const done = await this.#terminal.settle()
    this.#notice(done, pending)
    this.#totals.settled(this, before, done)
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

  /** A terminal that gave up a pending reversal, or that must sign on again. */
  #notice(outcome: ExchangeResult, pending: string | undefined): void {
    this.#totals.refused(this.options.terminalId, this.state.batchNumber, outcome)
    if (!outcome.ok && outcome.error === 'reversal_failed' && pending !== undefined)
      this.dropped.push(pending)
    if (outcome.ok && (outcome.value.signOnAgain || outcome.value.responseCode === '77'))
      this.state.keys = null
  }

  #recordSent(frame: Uint8Array): void {
    const read = readMessage(frame, this.#context.core.lrc, this.options.forms)
    const message = read.ok ? read.value.message : null
    const type = message === null ? undefined : transactionTypeOf(message)
    if (message !== null) noteForms(this.#context.kinds, this.options, message)
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
    book.enter({ ...names, sentAt: scheduler.now, resend: () => this.#resend(message) })
  }

  #observe(exchange: Exchange): void {
    const isAnswered = exchange.outcome === 'approved' || exchange.outcome === 'declined'
    this.#unanswered = isAnswered ? 0 : this.#unanswered + 1
    const key = keyOf(exchange.sent)
    const sent = key === null ? undefined : this.#context.book.sent.get(key)
    if (sent === undefined) return
    const answers = clientAnswerOf(exchange, this.#context.scheduler.now)
    if (answers !== null) this.#record(sent, answers)
  }

  #record(sent: Sent, answers: ClientAnswer): void {
    if (!keepAnswer(this.#context, sent, answers)) return
    this.#context.scheduler.note(`gets ${sent.key} ${answers.code} ${answers.rrn}`)
    const { merchantId, terminalId } = this.options
    const entry = this.state.log.find(({ stan }) => sent.key.endsWith(`${stan}s`))
    if (sent.kind === 'sale' && answers.verdict === 'approved' && entry !== undefined)
      this.#context.sales.push({ merchantId, terminalId, rrn: answers.rrn, amount: entry.amount })
  }

  /** The same message again, under the terminal's present key. */
  async #resend(message: Message): Promise<ClientAnswer | null> {
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
      forms: this.options.forms ?? USUAL_FORMS,
    }
    const macKey = keys === null || !hasMac ? null : openMacKey(core, macProfile, this.#tmk, keys)
    if (macKey !== null && !macKey.ok) throw new Error(macKey.error)
    const exchange = await exchangeMessage(link, 'resend', { ...message, fields }, macKey?.value ?? null)
    return clientAnswerOf(exchange, scheduler.now)
  }

  /** The MAC key in clear, so that the checks can search for it. */
  secrets(): string[] {
    const { keys, macProfile } = this.state
    if (keys === null) return []
    const macKey = openMacKey(this.#context.core, macProfile, this.#tmk, keys)
    return macKey.ok ? [Buffer.from(macKey.value).toString('hex')] : []
  }
}
