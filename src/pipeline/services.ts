/** @module What the doors work with: made once per isolate, passed in, never reached for. */

import type { Acquirer } from '../acquirer/port.ts'
import type { Core } from '../core/instance.ts'
import type { Keyring } from '../crypto/keyring.ts'
import type { Db } from '../store/db.ts'
import type { Group } from './group-commit.ts'
import type { Message, Outcome, Road } from './process.ts'

export interface Services {
  readonly db: Db
  readonly core: Core
  readonly keyring: Keyring
  readonly acquirer: Acquirer
  /** Field 32, 8 to 11 digits. */
  readonly acquirerId: string
  readonly road: Road
  readonly group: Group<Message, Outcome>
  /** Milliseconds since the epoch. */
  now(): number
  random(bytes: Uint8Array<ArrayBuffer>): void
  sleep(ms: number): Promise<void>
  /** One line of structured log. Never a card number, track, PIN block, key or whole message. */
  log(event: string, detail: Record<string, unknown>): void
}
