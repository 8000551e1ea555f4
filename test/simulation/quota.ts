/**
 * @module The quota of refusals in a world: senders begin the day with most of it spent, and no race may write more. The
 * numbers are those of semantics.md (Quota of refusals).
 */

import type { JournalEntry } from '../../src/domain/types.ts'
import { must } from './checks.ts'
import type { Storage } from './platform/d1.ts'

const DAY_MS = 86_400_000
const TERMINAL_QUOTA = 1000
const KEYS_QUOTA = 10_000

export const quotaOf = (sender: string): number =>
  sender.startsWith('terminal:') ? TERMINAL_QUOTA : KEYS_QUOTA

export const dayOf = (at: number): number => Math.floor(at / DAY_MS)

/** Spends a sender's quota of the day, but for this many refusals. */
export function spendQuota(storage: Storage, sender: string, day: number, left: number): void {
  const insert = 'insert into refusal_count (key, day, written, refused) values (?, ?, ?, 0)'
  storage.apply({ statements: [{ sql: insert, params: [sender, day, quotaOf(sender) - left] }] })
}

/** The refusals of each sender that count, with the times of their decisions. */
export function refusalsIn(entries: Iterable<JournalEntry>): Map<string, number[]> {
  const found = new Map<string, number[]>()
  for (const { kind, answer, effects, actor, terminalId, merchantId, at } of entries) {
    const counts = (kind === 'sale' || kind === 'void') && answer?.reason != null
    if (
      !counts ||
      Object.entries(effects).some(([name, value]) => name !== 'keyVersion' && value !== undefined)
    )
      continue
    if (actor === undefined || actor.channel === 'cron') continue
    const sender = actor.channel === 'pos' ? `terminal:${terminalId}` : `keys:${merchantId}`
    found.set(sender, [...(found.get(sender) ?? []), at])
  }
  return found
}

/** No sender has more refusals in the journal than were left of its day, whatever raced. */
export function checkQuota(
  storage: Storage,
  entries: Iterable<JournalEntry>,
  left: ReadonlyMap<string, number>,
  day: number,
): void {
  const refusals = refusalsIn(entries)
  for (const [sender, most] of left) {
    const written = (refusals.get(sender) ?? []).filter((at) => dayOf(at) === day).length
    must(written <= most, `${sender} had ${most} refusals left, and ${written} were written`)
  }
  const rows = storage.rows<{ key: string; written: number }>('select key, written from refusal_count')
  for (const { key, written } of rows)
    must(written <= quotaOf(key), `${key} has ${written} refusals counted as written`)
}

/** Whether the sender of a message has refusals beyond its quota. */
export type IsBeyond = (messageKey: string) => boolean

export function beyondQuota(storage: Storage): IsBeyond {
  const senders = storage
    .rows<{ key: string }>('select key from refusal_count where refused > 0')
    .map(({ key }) => key)
  return (messageKey) => {
    const [, merchantId] = /^api\|(\w+)\|/.exec(messageKey) ?? []
    return senders.includes(
      merchantId === undefined ? `terminal:${messageKey.slice(0, 8)}` : `keys:${merchantId}`,
    )
  }
}
