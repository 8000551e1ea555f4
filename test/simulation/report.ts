/** @module The options and the report of a world. */

export interface WorldOptions {
  readonly seed: number
  readonly module: WebAssembly.Module
  /**
   * Mild faults, which every client that keeps the rules survives: no terminal stays unanswered three times
   * in a row.
   */
  readonly isMild?: boolean
  readonly trace?: (line: string) => void
}

export interface Report {
  readonly seed: number
  readonly voids: number
  /** Voids whose sender got no outcome and did not reverse them. */
  readonly open: readonly string[]
  readonly steps: number
  /** SHA-256 of the transcript. */
  readonly transcript: string
  /** How often each fault occurred. */
  readonly counts: Readonly<Record<string, number>>
  /** The first violation, or null. */
  readonly violation: string | null
}
