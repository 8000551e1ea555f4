/** @module A message that is in the archive, as a decision sees it. */

/** A message in the archive (docs/decisions/2026-12-01-archive.md). Its outcome is there, and it has no effect again. */
export interface ArchivedMessage {
  readonly targetKey: string
  readonly kind: 'archived'
}

/** The month of a message in the archive. */
export interface ArchivedMonth {
  /** In UTC, `YYYY-MM`. */
  readonly month: string
  /** The time at which it went out, in milliseconds since the epoch. */
  readonly archivedAt: number
}
