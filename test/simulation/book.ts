/** @module The clients' view: the sent messages, and the answers that their senders accepted. */

import { createHmac, hkdfSync } from 'node:crypto'
import type { EntryKind } from '../../src/domain/types.ts'

/** An answer that its receiver had to accept. */
export interface ClientAnswer {
  readonly at: number
  readonly verdict: 'approved' | 'declined'
  /** Field 39, or the reason from the JSON API. */
  readonly code: string
  readonly rrn: string
  /** The kind of request: a void is requested with POST and read with GET. */
  readonly how: 'requested' | 'read'
  /** The answer without the parts that may differ between two equal ones: its MAC and the HTTP headers. */
  readonly content: string
}

export interface Sent {
  readonly key: string
  readonly kind: EntryKind
  readonly terminalId: string
  readonly merchantId: string
  /** Null for a message that is not of the JSON API. */
  readonly idempotencyKey: string | null
  /** The time of its first copy. */
  readonly sentAt: number
  readonly answers: ClientAnswer[]
  /** Sends it again at the end, without faults. Null without an answer. */
  readonly resend: () => Promise<ClientAnswer | null>
}

export class Book {
  readonly sent = new Map<string, Sent>()
  /** For a reversal by the JSON API: the key of its target. */
  readonly targets = new Map<string, string>()
  /** Messages that got a final answer which says nothing about a copy (kept-answer.ts). */
  readonly refused = new Set<string>()
  /** How often a client got `contact_acquirer`, because the outcome stayed unknown. */
  cases = 0

  /** Records a message before it is sent. A copy gets the record of the first. */
  enter(message: Omit<Sent, 'answers'>): Sent {
    const existing = this.sent.get(message.key)
    if (existing !== undefined) return existing
    const entered = { ...message, answers: [] }
    this.sent.set(message.key, entered)
    return entered
  }

  /** Voids whose senders got no answer and did not reverse them. */
  open(): string[] {
    const undone = new Set<string>()
    for (const { key, kind, answers } of this.sent.values())
      if (kind === 'void_reversal' && answers.length > 0)
        undone.add(this.targets.get(key) ?? key.replace(/r$/, ''))
    const voids = [...this.sent.values()].filter(({ kind }) => kind === 'void')
    const isOpen = ({ key, answers }: Sent) =>
      answers.length === 0 && !undone.has(key) && !this.refused.has(key)
    return voids.filter(isOpen).map(({ key }) => key)
  }

  count(kind: EntryKind): number {
    return [...this.sent.values()].filter((sent) => sent.kind === kind).length
  }
}

/** The message key for an `Idempotency-Key`, computed without the service (src/crypto/keyring.ts). */
export function apiKey(masterKey: string, scope: string, kind: EntryKind, idempotencyKey: string): string {
  const info = Buffer.from('annul content fingerprint')
  const key = hkdfSync('sha256', Buffer.from(masterKey, 'hex'), new Uint8Array(32), info, 32)
  const fingerprint = createHmac('sha256', Buffer.from(key)).update(idempotencyKey).digest('hex').slice(0, 32)
  return `api|${scope}|${kind}|${fingerprint}`
}
