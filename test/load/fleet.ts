/** @module All terminals of a load. Each has one job at a time, and the one that waits longest gets the next. */

import type { LoadTerminal } from './load-terminal.ts'
import type { MixKind } from './mix.ts'

export class Fleet {
  readonly terminals: readonly LoadTerminal[]
  /** Terminals without a job, those with a sale to void apart. */
  readonly #sellers: Set<LoadTerminal>
  readonly #voiders = new Set<LoadTerminal>()

  constructor(terminals: readonly LoadTerminal[]) {
    this.terminals = terminals
    this.#sellers = new Set()
    for (const terminal of terminals) this.release(terminal)
  }

  /** A terminal for a job of this kind, with a sale if the job is about one. Undefined while all have a job. */
  take(kind: MixKind): LoadTerminal | undefined {
    const isNew = kind === 'sale' || kind === 'late' || kind === 'sign-on'
    const [first, second] = isNew ? [this.#sellers, this.#voiders] : [this.#voiders, this.#sellers]
    return takeFirst(first) ?? takeFirst(second)
  }

  release(terminal: LoadTerminal): void {
    ;(terminal.canVoid ? this.#voiders : this.#sellers).add(terminal)
  }
}

function takeFirst(set: Set<LoadTerminal>): LoadTerminal | undefined {
  const [terminal] = set
  if (terminal !== undefined) set.delete(terminal)
  return terminal
}
