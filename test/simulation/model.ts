/**
 * @module What a terminal's journal may say: a small sequential model of sales, voids, reversals, settlements and what an acquirer
 * behind us makes of them, that takes the entries one after the other and holds each to the rules. It shares no code with the
 * decisions.
 */

import type { JournalEntry } from '../../src/domain/types.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Shanghai is eight hours ahead of UTC all year; the cut-off is at 23:00. */
const ZONE_MS = 8 * HOUR_MS
const CUT_OFF_MS = 23 * HOUR_MS
/** An answer of the acquirer is hoped for so long. */
const GIVE_UP_MS = 60_000
/** And after so long a person must know. */
const DECIDE_MS = 180_000

/** The first cut-off after `at`. */
const cutOffAfter = (at: number): number => {
  const today = Math.floor((at + ZONE_MS) / DAY_MS) * DAY_MS - ZONE_MS + CUT_OFF_MS
  return today > at ? today : today + DAY_MS
}

/** A sale or void. */
export interface Deed {
  readonly key: string
  readonly kind: 'sale' | 'void'
  readonly id: string
  readonly amount: number
  readonly batch: string
  readonly at: number
  readonly isForwarded: boolean
  /** Of a void: the sale. */
  readonly sale: Deed | null
  state: 'pending' | 'undoing' | 'approved' | 'declined' | 'reversing' | 'reversed'
  /** Whether anyone was ever told of it, or could have been: a sale has its row from then on. */
  isAnswered: boolean
  /** A person was called, and perhaps is not needed any more. */
  caseIs: 'none' | 'open' | 'closed'
  /** From when it is owed to be decided. */
  since: number
  /** Of a sale: its latest void, unless that was declined or reversed. */
  liveVoid: Deed | null
}

interface Totals {
  debit: number
  debits: number
  credit: number
  credits: number
  isOpen: boolean
}

const isUndecided = ({ state }: Deed): boolean => state === 'pending' || state === 'undoing'

/** What the key of an entry that follows a claim ends in. */
export const FOLLOW_UP = /\|(outcome|give_up|acquirer_undone|case\|\w+)$/

export class Model {
  readonly deeds = new Map<string, Deed>()
  /** Messages that can have no effect any more. */
  readonly reversed = new Map<string, 'reversed' | 'tombstone'>()
  readonly batches = new Map<string, Totals>()
  readonly #known = new Set<string>()
  readonly #byId = new Map<string, Deed>()
  readonly #hasAcquirer: boolean
  readonly #targets: ReadonlyMap<string, string>
  #open = ''

  /**
   * `hasAcquirer`: what a terminal or merchant asks is approved by the acquirer alone. `targets`: what reversals of the JSON door are of;
   * a terminal's is of the message whose key it has but for its kind.
   */
  constructor(hasAcquirer: boolean, targets: ReadonlyMap<string, string>) {
    this.#hasAcquirer = hasAcquirer
    this.#targets = targets
    this.#openBatch('000001')
  }

  /** Whether a message's effect stands. */
  stands(key: string): boolean {
    return this.deeds.get(key)?.state === 'approved'
  }

  /** Takes the next entry of the journal; throws where it is not what the rules give. */
  take(entry: JournalEntry): void {
    const { messageKey, kind } = entry
    this.#must(!this.#known.has(messageKey), entry, 'a second entry under its key')
    this.#known.add(messageKey)
    const followed = FOLLOW_UP.exec(messageKey)
    if (followed !== null) this.#follow(entry, messageKey.slice(0, followed.index))
    else if (kind === 'sale' || kind === 'sale_claim') this.#sale(entry)
    else if (kind === 'void' || kind === 'void_claim') this.#void(entry)
    else if (kind === 'sale_reversal' || kind === 'void_reversal') this.#reversal(entry)
    else if (kind === 'settlement' || kind === 'upload_end') this.#settlement(entry)
    else this.#must(kind === 'provision', entry, `of kind ${kind}`)
  }

  #must(holds: boolean, { messageKey, seq }: JournalEntry, why: string): asserts holds {
    if (!holds) throw new Error(`journal entry ${seq} (${messageKey}): ${why}`)
  }

  #openBatch(number: string): void {
    this.batches.set(number, { debit: 0, debits: 0, credit: 0, credits: 0, isOpen: true })
    this.#open = number
  }

  #batch(number: string): Totals {
    const batch = this.batches.get(number)
    if (batch === undefined) throw new Error(`batch ${number} was never open`)
    return batch
  }

  #enter(entry: JournalEntry, deed: Pick<Deed, 'kind' | 'id' | 'amount' | 'batch' | 'at' | 'sale'>): Deed {
    const { messageKey: key, answer } = entry
    this.#must(!this.reversed.has(key), entry, 'had been reversed before')
    const isForwarded = answer === null
    const isCaptured = deed.kind === 'sale' && entry.door === 'json'
    const mustBeForwarded = this.#hasAcquirer && !isCaptured && answer?.reason == null
    this.#must(isForwarded === mustBeForwarded, entry, `was ${isForwarded ? '' : 'not '}forwarded`)
    const state = isForwarded ? 'pending' : answer.reason === null ? 'approved' : 'declined'
    const flags: Pick<Deed, 'isForwarded' | 'isAnswered' | 'caseIs' | 'since' | 'liveVoid'> = {
      isForwarded,
      isAnswered: !isForwarded,
      caseIs: 'none',
      since: deed.at,
      liveVoid: null,
    }
    const entered: Deed = { ...deed, key, state, ...flags }
    this.deeds.set(key, entered)
    if (deed.id !== '') this.#byId.set(deed.id, entered)
    return entered
  }

  /** Into the totals (1) or out of them again (−1). */
  #count({ kind, batch, amount }: Deed, sign: 1 | -1): void {
    const totals = this.#batch(batch)
    const [sum, count] = kind === 'sale' ? (['debit', 'debits'] as const) : (['credit', 'credits'] as const)
    totals[sum] += sign * amount
    totals[count] += sign
  }

  #sale(entry: JournalEntry): void {
    const { messageKey: key, answer, request, effects, door } = entry
    const batch = key.split('|')[3] ?? ''
    const amount = Number(door === 'json' ? request.amount : request[4])
    const sale = effects.sale ?? effects.claimedSale
    this.#must(batch === this.#open, entry, 'was not of the open batch')
    if (door === 'terminal' && answer !== null)
      this.#must(answer.responseCode === sandboxCode(amount), entry, 'is not what the acquirer said')
    const at = sale?.soldAt ?? 0
    const deed = this.#enter(entry, { kind: 'sale', id: sale?.id ?? '', amount, batch, at, sale: null })
    if (deed.state === 'approved') this.#count(deed, 1)
  }

  /** Why a void of this sale is refused; null where nothing speaks against it. */
  #refusal(sale: Deed | undefined, at: number): string | null {
    if (sale === undefined || !sale.isAnswered) return 'original_not_found'
    if (sale.state === 'declined') return 'original_not_approved'
    if (sale.state !== 'approved') return 'original_reversed'
    if (sale.liveVoid !== null)
      return sale.liveVoid.state === 'approved' ? 'original_already_voided' : 'outcome_pending'
    if (!this.#batch(sale.batch).isOpen) return 'original_settled'
    return at >= cutOffAfter(sale.at) ? 'window_expired' : null
  }

  #void(entry: JournalEntry): void {
    const { messageKey: key, answer, request, door, effects, at } = entry
    const [, merchantId, terminalId, batch] = key.split('|')
    const field61 = request[61] ?? ''
    const named = `pos|${merchantId}|${terminalId}|${field61.slice(0, 6)}|${field61.slice(6, 12)}|sale`
    const sale = door === 'json' ? this.#byId.get(request.saleId ?? '') : this.deeds.get(named)
    const amount = Number(door === 'json' ? request.amount : request[4])
    const refusal = this.#refusal(sale, at)
    const reason = answer === null ? null : answer.reason
    this.#must(reason === refusal, entry, `answered ${reason}, where the rules say ${refusal}`)
    const id = effects.voidRecord?.id ?? ''
    const of = sale ?? null
    const deed = this.#enter(entry, { kind: 'void', id, amount, batch: of?.batch ?? '', at, sale: of })
    if (refusal !== null || of === null) return
    this.#must(amount === of.amount, entry, 'is not for the full amount')
    if (door === 'terminal') this.#must(batch === this.#open, entry, 'was not of the open batch')
    of.liveVoid = deed
    if (deed.state === 'approved') this.#count(deed, 1)
  }

  /** What came of a message that was forwarded to the acquirer. */
  #follow(entry: JournalEntry, key: string): void {
    const deed = this.deeds.get(key)
    this.#must(deed?.isForwarded === true, entry, 'follows no claim')
    const { kind, answer, at, effects } = entry
    if (kind === 'give_up') {
      this.#must(
        deed.state === 'pending' && at >= deed.at + GIVE_UP_MS,
        entry,
        `given up while ${deed.state}`,
      )
      this.#move(deed, 'undoing')
    } else if (kind === 'acquirer_undone') {
      this.#must(deed.state === 'reversing', entry, `undone while ${deed.state}`)
      this.#end(deed, 'reversed')
    } else if (kind === 'case') {
      const reason = effects.acquirerMoves?.find(({ messageKey }) => messageKey === key)?.caseReason
      this.#must(isUndecided(deed) || deed.state === 'reversing', entry, `a case while ${deed.state}`)
      this.#must(
        reason === 'reversal_refused' || at >= deed.since + DECIDE_MS,
        entry,
        'a case before its time',
      )
      deed.caseIs = 'open'
    } else {
      this.#must(isUndecided(deed), entry, `its outcome while ${deed.state}`)
      this.#must(answer !== null && kind === deed.kind, entry, 'an outcome that answers no one')
      deed.isAnswered = true
      if (answer.reason !== null) {
        this.#end(deed, 'declined')
        return
      }
      this.#must(this.#batch(deed.batch).isOpen, entry, 'approved though its batch was closed')
      this.#move(deed, 'approved')
      this.#count(deed, 1)
    }
  }

  /** Where acquirer and we agree a case is over; it is forgotten with the next move. */
  #move(deed: Deed, state: Deed['state']): void {
    deed.state = state
    if (deed.caseIs === 'closed') deed.caseIs = 'none'
    else if (deed.caseIs === 'open' && ['approved', 'declined', 'reversed'].includes(state))
      deed.caseIs = 'closed'
  }

  #end(deed: Deed, state: 'declined' | 'reversed'): void {
    this.#move(deed, state)
    if (deed.sale?.liveVoid === deed) deed.sale.liveVoid = null
  }

  #undo(deed: Deed, at: number): void {
    if (deed.state === 'approved') this.#count(deed, -1)
    this.reversed.set(deed.key, 'reversed')
    deed.since = at
    if (deed.isForwarded) this.#move(deed, 'reversing')
    else this.#end(deed, 'reversed')
  }

  #reversal(entry: JournalEntry): void {
    const { messageKey, answer } = entry
    const key = this.#targets.get(messageKey) ?? messageKey.replace(/_reversal$/, '')
    const deed = this.deeds.get(key)
    const isLive = deed !== undefined && !this.reversed.has(key) && deed.state !== 'declined'
    this.#must(answer !== null, entry, 'answers no one')
    if (isLive && !this.#batch(deed.batch).isOpen) {
      this.#must(answer.reason === 'reversal_too_late', entry, `answered ${answer.reason}, and is late`)
      return
    }
    this.#must(answer.responseCode === '00', entry, `answered ${answer.responseCode}, not 00`)
    if (deed === undefined && !this.reversed.has(key)) this.reversed.set(key, 'tombstone')
    if (!isLive) return
    this.#undo(deed, entry.at)
    const { liveVoid } = deed
    if (liveVoid !== null && liveVoid.state !== 'reversing') this.#undo(liveVoid, entry.at)
  }

  #settlement(entry: JournalEntry): void {
    const digits = (value: number, length: number) => String(value).padStart(length, '0')
    const { debit, debits, credit, credits } = this.#batch(this.#open)
    const totals = digits(debit, 12) + digits(debits, 3) + digits(credit, 12) + digits(credits, 3)
    if (entry.kind === 'settlement')
      this.#must(entry.answer?.totals?.slice(0, 31) === `${totals}1`, entry, 'answered with other totals')
    const open = [...this.deeds.values()].filter((deed) => isUndecided(deed) && deed.caseIs === 'none')
    this.#must(open.length === 0, entry, `closed the batch while ${open[0]?.key} was not decided`)
    this.#batch(this.#open).isOpen = false
    this.#openBatch(digits((Number(this.#open) % 999_999) + 1, 6))
  }
}

/** The sandbox: the last two digits of the amount. */
function sandboxCode(amount: number): string {
  const last = String(amount % 100).padStart(2, '0')
  return ['05', '51'].includes(last) ? last : '00'
}
