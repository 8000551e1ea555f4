/**
 * @module The counts of refusals (domain/refusal-quota.ts), as far as the journal bounds them. The day of a count is that of the
 * load, so an entry around midnight may count in either day. The number of refusals beyond the quota has no entries. People read it,
 * and no decision depends on it.
 */

import { isCounted, KEYS_SENDER, TERMINAL_SENDER, utcDay } from '../../domain/refusal-quota.ts'
import type { JournalEntry } from '../../domain/types.ts'
import type { PagedTable } from './read-pages.ts'
import { type AuditedTable, firstOf, type TableFault } from './table-fault.ts'

/** The table to read. */
export const REFUSAL_COUNTS: PagedTable = {
  table: 'refusal_count',
  columns: ['key', 'day', 'written'],
  keys: ['key', 'day'],
}

export interface RefusalRow {
  readonly key: string
  readonly day: number
  readonly written: number
}

/** The longest time between the load of a message and its entry, in milliseconds. */
const MARGIN_MS = 5 * 60_000

/** The least and the most refusals of a sender and day. */
interface Bound {
  readonly key: string
  readonly day: number
  least: number
  most: number
}

export class RefusalBounds {
  readonly #bounds = new Map<string, Bound>()
  /** The merchants of bearer keys, by id; null for an administrator's. */
  readonly #merchants = new Map<string, string | null>()

  /** Counts the next entry, in the order of the commits. */
  next({ effects, kind, answer, at, actor, terminalId, merchantId }: JournalEntry): void {
    if (effects.apiKey !== undefined) this.#merchants.set(effects.apiKey.id, effects.apiKey.merchantId)
    if (!isCounted({ kind, answer, effects })) return
    const keyId = actor?.keyId ?? null
    const senders = keyId === null ? [TERMINAL_SENDER + terminalId] : this.#sendersOf(keyId, merchantId)
    const days = [...new Set([at - MARGIN_MS, at, at + MARGIN_MS].map(utcDay))]
    const isSure = senders.length === 1 && days.length === 1
    for (const key of senders)
      for (const day of days) {
        const bound = this.#bounds.get(`${key} ${day}`) ?? { key, day, least: 0, most: 0 }
        this.#bounds.set(`${key} ${day}`, bound)
        if (isSure) bound.least++
        bound.most++
      }
  }

  /** A key without an entry may be of the merchant or of an administrator. */
  #sendersOf(keyId: string, merchantId: string): string[] {
    const owner = this.#merchants.get(keyId)
    const owners = owner === undefined ? [merchantId, 'admin'] : [owner ?? 'admin']
    return owners.map((one) => KEYS_SENDER + one)
  }

  /**
   * Compares the rows with the bounds. The cron deletes old days, so a row of a day before `since` may be missing. `isStill`: whether
   * the streams of a sender did not grow meanwhile.
   */
  audit(rows: readonly RefusalRow[], since: number, isStill: (key: string) => boolean): AuditedTable {
    const faults: TableFault[] = []
    const left = new Map(this.#bounds)
    for (const { key, day, written } of rows.filter((row) => isStill(row.key))) {
      const name = `${key} ${day}`
      const { least, most } = left.get(name) ?? { least: 0, most: 0 }
      left.delete(name)
      if (!Number.isInteger(written) || written < least || written > most)
        faults.push({ key: name, why: 'the journal gives another value for written' })
    }
    for (const [name, { key, day, least }] of left)
      if (least > 0 && day >= since && isStill(key)) faults.push({ key: name, why: 'this row is missing' })
    return { table: REFUSAL_COUNTS.table, rows: rows.length, fault: firstOf(faults) }
  }
}
