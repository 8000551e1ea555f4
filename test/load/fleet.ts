/** @module All terminals of a load. Each has one job at a time, and the one that waits longest gets the next. */

import type { LoadTerminal } from './load-terminal.ts'
import type { MixKind } from './mix.ts'

export class Fleet {
  readonly terminals: readonly LoadTerminal[]
  /** Terminals without a job, those with a sale to void apart. */
  readonly #sellers: Set<LoadTerminal>
  readonly #voiders = new Set<LoadTerminal>()
  #turn = false

  constructor(terminals: readonly LoadTerminal[]) {
    this.terminals = terminals
    this.#sellers = new Set()
    for (const terminal of terminals) this.release(terminal)
  }

  /** A terminal for a job of this kind. Undefined while all have one. */
  take(kind: MixKind): LoadTerminal | undefined {
    const [first, second] = this.#prefersSale(kind)
      ? [this.#voiders, this.#sellers]
      : [this.#sellers, this.#voiders]
    return takeFirst(first) ?? takeFirst(second)
  }

  /** A copy, an inquiry or a reversal is about a sale and about a void in turn. */
  #prefersSale(kind: MixKind): boolean {
    if (kind === 'void' || kind === 'rival') return true
    if (kind === 'sale' || kind === 'late' || kind === 'sign-on') return false
    this.#turn = !this.#turn
    return this.#turn
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
