/** @module What the outside knows: which messages were sent, and what their senders were told and believed. */

import { createHmac, hkdfSync } from 'node:crypto'
import type { EntryKind } from '../../src/domain/types.ts'

/** An answer that its receiver had to believe. */
export interface ClientAnswer {
  readonly at: number
  readonly verdict: 'approved' | 'declined'
  /** Field 39, or the reason on the JSON door. */
  readonly code: string
  readonly rrn: string
  /** Which question it answers: a void is asked for, and looked at. */
  readonly how: 'asked' | 'looked at'
  /** The answer without what may differ between two of the same: its MAC and the HTTP headers. */
  readonly content: string
}

export interface Sent {
  readonly key: string
  readonly kind: EntryKind
  readonly terminalId: string
  readonly merchantId: string
  /** Of a message of the JSON door. */
  readonly idempotencyKey: string | null
  /** When its first copy left. */
  readonly sentAt: number
  readonly answers: ClientAnswer[]
  /** Asks again, once all is calm; null where no answer came. */
  readonly ask: () => Promise<ClientAnswer | null>
}

export class Book {
  readonly sent = new Map<string, Sent>()
  /** Of a reversal of the JSON door: what it is of. */
  readonly targets = new Map<string, string>()
  /** How often a client was told to call someone, since no one knew. */
  cases = 0

  /** Enters a message before it leaves; a copy of one that was sent before is that one. */
  enter(message: Omit<Sent, 'answers'>): Sent {
    const known = this.sent.get(message.key)
    if (known !== undefined) return known
    const entered = { ...message, answers: [] }
    this.sent.set(message.key, entered)
    return entered
  }

  /** Voids that their senders neither heard of nor undid. */
  open(): string[] {
    const undone = new Set<string>()
    for (const { key, kind, answers } of this.sent.values())
      if (kind === 'void_reversal' && answers.length > 0)
        undone.add(this.targets.get(key) ?? key.replace(/_reversal$/, ''))
    const voids = [...this.sent.values()].filter(({ kind }) => kind === 'void')
    return voids.filter(({ key, answers }) => answers.length === 0 && !undone.has(key)).map(({ key }) => key)
  }

  count(kind: EntryKind): number {
    return [...this.sent.values()].filter((sent) => sent.kind === kind).length
  }
}

/** The message key of what was asked with an `Idempotency-Key`, worked out without the service (keys.ts). */
export function apiKey(masterKey: string, scope: string, kind: EntryKind, idempotencyKey: string): string {
  const info = Buffer.from('annul content fingerprint')
  const key = hkdfSync('sha256', Buffer.from(masterKey, 'hex'), new Uint8Array(32), info, 32)
  const fingerprint = createHmac('sha256', Buffer.from(key)).update(idempotencyKey).digest('hex')
  return `api|${scope}|${kind}|${fingerprint}`
}
