/** @module The actor of an entry. */

/** The sender of the message, or the person or clock that caused an entry. */
export interface Actor {
  readonly channel: 'pos' | 'api' | 'cron' | 'cli'
  /** Field 63.1, up to three characters; null when the message has none. */
  readonly operator: string | null
  /** Id of the bearer key; null without one. */
  readonly keyId: string | null
  /** Network of the sender: IPv4 /24 or IPv6 /48. Null when it is unknown. */
  readonly address: string | null
  /** Version of the guard `merchant:M` that the decision was loaded with; null when it needed none. */
  readonly policy: number | null
}
