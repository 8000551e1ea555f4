/** @module What the actors of a world share. */

import type { Core } from '../../src/core/instance.ts'
import type { Message } from '../../src/iso8583/message.ts'
import type { Book } from './book.ts'
import type { Storage } from './platform/d1.ts'
import type { Network } from './platform/network.ts'
import type { Random } from './platform/random.ts'
import type { Owner, Scheduler } from './platform/scheduler.ts'

/** A sale that someone was told of. */
export interface KnownSale {
  readonly merchantId: string
  readonly terminalId: string
  readonly rrn: string
  readonly amount: number
}

export interface ActorContext {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly network: Network
  /** Lets an actor act; what it throws ends the world. */
  act(owner: Owner, actions: () => Promise<void>): void
  /** Whether the power of the terminal that asks is about to fail. */
  readonly losesPower: () => boolean
  /** From now on nothing strikes, until what is returned is called. */
  readonly spare: () => () => void
  readonly storage: Storage
  readonly book: Book
  /** The clients' own, not the service's. */
  readonly core: Core
  readonly sales: KnownSale[]
  /** Sales, voids and reversals as they went over the wire, the latest. */
  readonly observed: { readonly frame: Uint8Array; readonly message: Message }[]
  /** Bearer keys by merchant. */
  readonly bearers: ReadonlyMap<string, string>
}

/** An actor that can lose its power: what it waited for never comes. */
export class Power implements Owner {
  readonly name: string
  #isOn = true

  constructor(name: string) {
    this.name = name
  }

  isAlive(): boolean {
    return this.#isOn
  }

  skew(): number {
    return 0
  }

  cut(): void {
    this.#isOn = false
  }
}
