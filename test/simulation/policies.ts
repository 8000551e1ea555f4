/**
 * @module The settings, keys and states that are in force at each entry, in the order of the commits. No message counts
 * under settings, a key or a state that an earlier commit has withdrawn. It shares no code with the decisions.
 */

import type { JournalEntry } from '../../src/domain/types.ts'
import type { JournalRow } from '../../src/store/journal.ts'
import { EntryReader } from '../../src/store/replay.ts'
import type { Storage } from './platform/d1.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** Shanghai is eight hours ahead of UTC all year. */
const ZONE_MS = 8 * 60 * MINUTE_MS

/** The settings on which a void or its reversal depends. */
export interface Policy {
  readonly window: { readonly kind: string; readonly minutes?: number }
  /** Minutes after midnight in Shanghai. */
  readonly cutOff: number
  readonly lateReversals?: 'allow' | 'refuse'
}

/** The settings of a merchant that nobody has changed. */
export const USUAL_POLICY: Policy = { window: { kind: 'business_day' }, cutOff: 23 * 60 }

/** The end of the window of a sale at `at`. */
export function windowOf(at: number, { window, cutOff }: Policy): number {
  if (window.kind === 'same_batch') return Number.POSITIVE_INFINITY
  if (window.kind === 'minutes') return at + (window.minutes ?? 0) * MINUTE_MS
  // The first cut-off after it.
  const today = Math.floor((at + ZONE_MS) / DAY_MS) * DAY_MS - ZONE_MS + cutOff * MINUTE_MS
  return today > at ? today : today + DAY_MS
}

interface Settings extends Policy {
  readonly status: string
}

interface Key {
  readonly merchantId: string | null
  readonly expiresAt: number | null
  readonly revokedAt: number | null
}

/** The entries that are acts of an administrator. */
const ACTS = ['merchant', 'api_key', 'provision']

export class Policies {
  readonly #merchants = new Map<string, Settings>()
  readonly #merchantOf = new Map<string, string>()
  readonly #states = new Map<string, string>()
  /** Keys with an entry. The keys that a world begins with have none, and nobody revokes them. */
  readonly #keys = new Map<string, Key>()
  /** How often a commit changed what a merchant's messages depend on. */
  readonly #versions = new Map<string, number>()

  /** Takes the next entry of all streams, and gives the policy that it was decided under. Throws when it broke a rule. */
  take(entry: JournalEntry): Policy {
    const merchantId = this.#merchantIdOf(entry)
    this.#checkActor(entry, merchantId)
    if (ACTS.includes(entry.kind)) this.#apply(entry, merchantId)
    return this.#merchants.get(merchantId) ?? USUAL_POLICY
  }

  #must(holds: boolean, { terminalId, seq, messageKey }: JournalEntry, why: string): void {
    if (!holds) throw new Error(`entry ${seq} of ${terminalId} (${messageKey}): ${why}`)
  }

  #merchantIdOf({ terminalId, kind, effects, merchantId }: JournalEntry): string {
    if (kind === 'merchant') return effects.merchant?.merchantId ?? ''
    if (kind === 'api_key') return effects.apiKey?.merchantId ?? ''
    if (kind === 'provision') return merchantId
    return this.#merchantOf.get(terminalId) ?? ''
  }

  #checkActor(entry: JournalEntry, merchantId: string): void {
    const { actor, at, kind, terminalId } = entry
    if (actor === undefined) throw new Error(`${entry.messageKey} has no actor`)
    // The acquirer and the clock need no permission.
    if (actor.channel === 'cron') return
    const key = actor.keyId === null ? undefined : this.#keys.get(actor.keyId)
    this.#must(key?.revokedAt == null, entry, 'with a key that was revoked before')
    this.#must(key?.expiresAt == null || key.expiresAt > at, entry, 'with a key that was expired')
    const isOwn = key === undefined || key.merchantId === null || key.merchantId === merchantId
    this.#must(isOwn, entry, 'with the key of another merchant')
    const version = this.#versions.get(merchantId) ?? 0
    this.#must(
      actor.policy === version || (actor.policy === null && (kind === 'merchant' || kind === 'api_key')),
      entry,
      `decided at version ${actor.policy} of its merchant, committed at ${version}`,
    )
    if (ACTS.includes(kind)) return
    this.#must(this.#merchants.get(merchantId)?.status === 'active', entry, 'its merchant was closed before')
    this.#must(
      actor.channel !== 'pos' || this.#states.get(terminalId) === 'active',
      entry,
      'its terminal was out of use',
    )
  }

  #apply(entry: JournalEntry, merchantId: string): void {
    const { merchant, apiKey, terminal } = entry.effects
    if (merchant !== undefined) {
      const { status, window, cutOff, lateReversals = 'allow' } = merchant
      const [hours = 0, minutes = 0] = cutOff.split(':').map(Number)
      this.#merchants.set(merchantId, {
        status,
        window,
        cutOff: 60 * hours + minutes,
        lateReversals,
      })
    }
    if (apiKey !== undefined) this.#keys.set(apiKey.id, apiKey)
    const isNew = terminal !== undefined && entry.seq === 1
    if (terminal !== undefined) {
      this.#merchantOf.set(entry.terminalId, merchantId)
      this.#states.set(entry.terminalId, terminal.status)
    }
    // No message depends on a new terminal.
    if (!isNew) this.#versions.set(merchantId, (this.#versions.get(merchantId) ?? 0) + 1)
  }
}

/** The settings in force at each entry, by stream and number. The rows of a journal are in the order of their commits. */
export function policiesOf(storage: Storage): (entry: JournalEntry) => Policy | undefined {
  const policies = new Policies()
  const reader = new EntryReader()
  const found = new Map<string, Policy>()
  const rows = storage.rows<JournalRow>(
    `select terminal_id as terminalId, seq, hash, message_key as messageKey, rrn, body from journal order by rowid`,
  )
  for (const row of rows) found.set(`${row.terminalId} ${row.seq}`, policies.take(reader.open(row)))
  return ({ terminalId, seq }) => found.get(`${terminalId} ${seq}`)
}
