/**
 * @module Chains: several entries of one terminal, each decided on the state after the one before. The decisions are those
 * of the service, and their kinds are drawn from a seed.
 */

import { decideAcquirerEvent } from '../../src/domain/decide-acquirer-event.ts'
import { asPending } from '../../src/domain/decide-claim.ts'
import { decideReversal } from '../../src/domain/decide-reversal.ts'
import { decideSale } from '../../src/domain/decide-sale.ts'
import { decideVoid } from '../../src/domain/decide-void.ts'
import type { Decision, Generated, LoadedState } from '../../src/domain/decision.ts'
import type { Need } from '../../src/domain/guard.ts'
import { NO_SENDER } from '../../src/domain/request-actor.ts'
import type { AcquirerMessage, JournalEntry, Sale, Terminal } from '../../src/domain/types.ts'
import { openEntry, seal } from '../../src/store/journal.ts'
import type { CommitItem } from '../../src/store/step.ts'
import * as f from '../domain/fixtures.ts'

const six = (n: number): string => String(n).padStart(6, '0')

interface Sold {
  readonly sale: Sale
  readonly isForwarded: boolean
  void: { readonly entry: JournalEntry; state: 'approved' | 'reversed' } | null
}

/** Decides entries one after the other, in memory. `first`: the number of the first message, for keys and ids. */
export class Chain {
  readonly items: CommitItem[] = []
  terminal: Terminal
  readonly #needs: readonly Need[]
  #number: number
  readonly #sold: Sold[] = []
  readonly #claims: { readonly entry: JournalEntry; readonly forwarded: AcquirerMessage }[] = []

  constructor(terminal: Terminal, first: number, needs: readonly Need[] = []) {
    this.terminal = terminal
    this.#number = first
    this.#needs = needs
  }

  /** Adds an entry. `random` returns a number from 0 to under 1. */
  async add(random: () => number): Promise<void> {
    const number = ++this.#number
    const draw = random()
    const claim = this.#claims.at(-1)
    if (claim !== undefined && draw < 0.4) return this.#approve(number, claim)
    const open = this.#sold.findLast((sold) => sold.void?.state !== 'approved' && !sold.isForwarded)
    const voided = this.#sold.findLast((sold) => sold.void?.state === 'approved')
    if (draw < 0.55 && voided?.void) return this.#reverse(number, voided, voided.void)
    if (draw < 0.75 && open !== undefined) return this.#void(number, open)
    return this.#sell(number, draw > 0.9)
  }

  #generated(number: number): Generated {
    const id = String(number).padStart(32, '0')
    const rrn = String(number).padStart(12, '0')
    return { ...f.generated, rrn, id, authorizationCode: six(number), acquirerStan: six(500_000 + number) }
  }

  #loaded(more: Partial<LoadedState> = {}): LoadedState {
    return { ...f.loadedState, terminal: this.terminal, ...more }
  }

  async #sell(number: number, isForwarded: boolean): Promise<void> {
    const { batchNumber } = this.terminal.batch
    const stan = six(number)
    const messageKey = f.keyOf(stan, 'sale', batchNumber)
    const request = { ...f.saleRequest, messageKey, batchNumber, stan, request: { '11': stan } }
    const [loaded, generated] = [this.#loaded(), this.#generated(number)]
    const approved = decideSale(request, loaded, generated, { kind: 'approved' })
    const entry = await this.#write(isForwarded ? asPending(approved, loaded, generated) : approved)
    const { sale, claim } = entry.effects
    if (claim !== undefined) this.#claims.push({ entry, forwarded: claim })
    if (sale !== undefined) this.#sold.push({ sale, isForwarded: false, void: null })
  }

  async #approve(
    number: number,
    { entry: claim, forwarded }: { entry: JournalEntry; forwarded: AcquirerMessage },
  ) {
    const { messageKey, merchantId } = forwarded
    const entry = await this.#write(
      decideAcquirerEvent(
        {
          kind: 'acquirer_event',
          door: 'terminal',
          merchantId,
          messageKey,
          contentFingerprint: '',
          request: {},
          sender: NO_SENDER,
          event: 'acquirer_approved',
          acquirerRrn: `ACQ${six(number)}000`,
          authorizationCode: six(number),
          reason: null,
        },
        this.#loaded({ claim, earlier: claim, forwarded }),
        this.#generated(number),
      ),
      claim,
    )
    this.#claims.pop()
    const { sale } = entry.effects
    if (sale !== undefined) this.#sold.push({ sale, isForwarded: true, void: null })
  }

  async #void(number: number, sold: Sold): Promise<void> {
    const { sale } = sold
    const { batchNumber } = this.terminal.batch
    const stan = six(number)
    const request = {
      ...f.voidRequest,
      messageKey: f.keyOf(stan, 'void', batchNumber),
      pos: { terminalId: sale.terminalId, batchNumber, stan, saleKey: sale.messageKey },
      rrn: sale.rrn,
    }
    const original = { ...f.original, sale }
    const decision = decideVoid(request, this.#loaded({ original }), this.#generated(number))
    const entry = await this.#write(decision, null, sale.messageKey)
    sold.void = { entry, state: 'approved' }
  }

  async #reverse(number: number, { sale }: Sold, undone: NonNullable<Sold['void']>): Promise<void> {
    const targetKey = undone.entry.messageKey
    const request = { ...f.reversalOfVoid, messageKey: `${targetKey}_reversal`, targetKey }
    const liveVoid = {
      id: undone.entry.effects.voidRecord?.id ?? '',
      messageKey: targetKey,
      state: 'approved',
      forwarded: false,
    } as const
    const original = { ...f.original, sale, liveVoid }
    const loaded = this.#loaded({ original, target: undone.entry })
    await this.#write(decideReversal(request, loaded, this.#generated(number)))
    undone.state = 'reversed'
  }

  /** `base`: the claim of an outcome. */
  async #write(
    decision: Decision,
    base: JournalEntry | null = null,
    saleKey?: string,
  ): Promise<JournalEntry> {
    if (decision.kind !== 'commit') throw new Error(`${decision.kind}: expected an entry`)
    const { draft } = decision
    const { rrn } = draft.answer ?? draft.effects.claim ?? { rrn: null }
    // An outcome repeats the RRN of its claim.
    const isOutcome = draft.messageKey.endsWith('|o')
    const { batch: before, merchantId } = this.terminal
    const row = await seal(draft, this.terminal.head, isOutcome ? null : rrn, { before, base, merchantId })
    const item: CommitItem = {
      row,
      headMac: { keyId: 1, mac: 'test' },
      saleKey,
      effects: draft.effects,
      terminal: this.terminal,
      needs: this.#needs,
      moves: [],
    }
    this.items.push(item)
    const batch = draft.effects.batch ?? this.terminal.batch
    this.terminal = { ...this.terminal, batch, head: { seq: row.seq, hash: row.hash } }
    return openEntry(row, { base, merchantId })
  }
}
