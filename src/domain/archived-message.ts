/** @module A message that is in the archive, as a decision sees it. */

/** A message in the archive (docs/decisions/2026-12-01-archive.md). Its outcome is there, and it has no effect again. */
export interface ArchivedMessage {
  readonly targetKey: string
  readonly kind: 'archived'
}
