/**
 * @module Reads entries in the order of their commit, and gives each with the state before it. So the projections can be
 * written anew from the journal.
 */

import { newTerminal } from '../domain/decide-provision.ts'
import { addTotals } from '../domain/office-totals.ts'
import { USUAL_FORMS } from '../domain/terminal-profile.ts'
import type { Effects, JournalEntry, Terminal } from '../domain/types.ts'
import { endedKeysOf, voidSignOf } from '../domain/void-count.ts'
import { baseKeyOf } from './entry/columns.ts'
import { type JournalRow, openEntry } from './journal.ts'

/** Opens entries, each after the entry that it follows. */
export class EntryReader {
  readonly #bases = new Map<string, JournalEntry>()
  readonly #merchants = new Map<string, string>()
  readonly #merchantId: string | null

  /**
   * `merchantId`: the merchant of all entries, when their `provision` entries are not read. `terminals`: those whose first entries
   * are in the archive.
   */
  constructor(merchantId: string | null = null, terminals: readonly Terminal[] = []) {
    this.#merchantId = merchantId
    for (const one of terminals) this.#merchants.set(one.terminalId, one.merchantId)
  }

  /** Throws SyntaxError when the body is no entry, or follows an entry that was not read. */
  open(row: JournalRow): JournalEntry {
    const base = this.#bases.get(baseKeyOf(row.messageKey) ?? '') ?? null
    const merchantId = this.#merchants.get(row.terminalId) ?? this.#merchantId
    const entry = openEntry(row, { base, merchantId })
    if (entry.kind === 'provision') this.#merchants.set(row.terminalId, entry.merchantId)
    const { sale, claimedSale, voidRecord, claim } = entry.effects
    if (sale ?? claimedSale ?? voidRecord ?? claim) this.#bases.set(row.messageKey, entry)
    return entry
  }
}

/** The column `void_of` of entries, in the order of their commits. */
export class VoidCounter {
  readonly #saleKeys = new Map<string, string>()
  readonly #numbers = new Map<string, number>()
  readonly #voidOf = new Map<string, number>()

  next({ messageKey, seq, effects }: JournalEntry): number | null {
    this.#numbers.set(messageKey, seq)
    for (const sale of [effects.sale, effects.claimedSale])
      if (sale !== undefined) this.#saleKeys.set(sale.id, sale.messageKey)
    const sign = voidSignOf(messageKey, effects)
    if (sign === undefined) return null
    if (sign === -1) {
      const ended = endedKeysOf(effects).map((key) => this.#voidOf.get(key))
      const voidOf = ended.find((one) => one !== undefined)
      return voidOf === undefined ? null : -voidOf
    }
    const saleKey = this.#saleKeys.get(effects.voidRecord?.saleId ?? '') ?? ''
    const voidOf = this.#numbers.get(saleKey) ?? null
    if (voidOf !== null) this.#voidOf.set(messageKey, voidOf)
    return voidOf
  }
}

/** An entry with its effects as rows of the projections have them. */
export interface Replayed {
  readonly row: JournalRow
  readonly entry: JournalEntry
  /** Totals are absolute here. */
  readonly effects: Effects
  /** The terminal before the entry. Null in the stream of a merchant or of the region. */
  readonly terminal: Terminal | null
}

/** Replays a journal, in the order of its commits. */
export class Replay {
  readonly #reader: EntryReader
  readonly #terminals: Map<string, Terminal>

  /** `terminals`: each terminal whose first entries are in the archive, after the last of them. */
  constructor(terminals: readonly Terminal[] = []) {
    this.#reader = new EntryReader(null, terminals)
    this.#terminals = new Map(terminals.map((one) => [one.terminalId, one]))
  }

  /** The terminal after the entries so far; undefined before its first one. */
  terminalNow(terminalId: string): Terminal | undefined {
    return this.#terminals.get(terminalId)
  }

  /** Throws SyntaxError when the entry does not follow from those before it. */
  next(row: JournalRow): Replayed {
    const entry = this.#reader.open(row)
    const { batchChange, ...others } = entry.effects
    if (others.merchant !== undefined || others.apiKey !== undefined)
      return { row, entry, effects: others, terminal: null }
    const terminal = this.#terminals.get(row.terminalId) ?? terminalOf(entry)
    const effects: Effects =
      batchChange === undefined ? others : { ...others, batch: addTotals(terminal.batch, batchChange) }
    this.#terminals.set(row.terminalId, {
      ...terminal,
      ...effects.terminal,
      keyVersion: effects.keyVersion === undefined ? terminal.keyVersion : effects.keyVersion,
      tmkVersion: effects.tmkVersion ?? terminal.tmkVersion,
      batch: effects.nextBatch ?? effects.batch ?? terminal.batch,
      head: { seq: row.seq, hash: row.hash },
    })
    return { row, entry, effects, terminal }
  }
}

/** A terminal before its first entry. */
function terminalOf({ terminalId, merchantId, effects }: JournalEntry): Terminal {
  if (effects.terminal === undefined)
    throw new SyntaxError(`journal entry: ${terminalId} was not provisioned`)
  return newTerminal({ terminalId, merchantId, profile: { ...USUAL_FORMS, ...effects.terminal } })
}
