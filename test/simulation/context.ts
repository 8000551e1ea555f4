/** @module The state that the actors of a world share. */

import type { Core } from '../../src/core/instance.ts'
import type { Message } from '../../src/iso8583/message.ts'
import type { Book } from './book.ts'
import type { Kinds } from './coverage.ts'
import type { Storage } from './platform/d1.ts'
import type { Network } from './platform/network.ts'
import type { Random } from './platform/random.ts'
import type { Owner, Scheduler } from './platform/scheduler.ts'

/** A sale with an answer to its sender. */
export interface KnownSale {
  readonly merchantId: string
  readonly terminalId: string
  readonly rrn: string
  readonly amount: number
}

export interface BearerKey {
  readonly key: string
  /** Absent: the world begins with this key, which has no entry. */
  readonly id?: string
}

export interface ActorContext {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly network: Network
  /** Runs an actor. An exception ends the world. */
  act(owner: Owner, actions: () => Promise<void>): void
  /** Whether the power of the requesting terminal is about to fail. */
  readonly losesPower: () => boolean
  /** Pauses all faults until the returned function is called. */
  readonly pauseFaults: () => () => void
  readonly storage: Storage
  readonly book: Book
  /** Counts what comes in the world. */
  readonly kinds: Kinds
  /** The clients' own core, not the service's. */
  readonly core: Core
  readonly sales: KnownSale[]
  /** The latest sales, voids and reversals as sent on the wire. */
  readonly observed: { readonly frame: Uint8Array; readonly message: Message }[]
  /** The bearer key that is in use, by merchant, and of the administrators (administrator.ts). */
  readonly bearerKeys: Map<string, BearerKey>
  /** A key that nobody revokes, for when the one in use is refused. */
  readonly spareKeys: ReadonlyMap<string, string>
  /** Whether settings, keys or quotas change while messages run. */
  readonly isChanging: boolean
}

/** An actor that can lose its power: its pending waits never end. */
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
