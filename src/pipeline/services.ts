/** @module The services of one isolate for the POS door and the JSON API. */

import type { Core } from '../core/instance.ts'
import type { Keyring } from '../crypto/keyring.ts'
import type { Databases, RegionDatabase } from '../store/databases.ts'
import type { Pipeline, PipelineOptions } from './types.ts'

export interface Services extends PipelineOptions {
  readonly pipeline: Pipeline
  /** The databases of the region (databases.ts). `db` is one of them, and `pipeline` is its pipeline. */
  readonly databases: Databases
  readonly pipelines: ReadonlyMap<RegionDatabase, Pipeline>
  readonly core: Core
  readonly keyring: Keyring
  /** The most bytes that the database can have. */
  readonly databaseLimit: number
  /** Field 32, 8 to 11 digits. */
  readonly acquirerId: string
  /** SHA-256 of the secret `BOOTSTRAP_KEY`, lower-case hex. Null without one. */
  readonly bootstrapKey: string | null
  /** Whether answers may explain faults to who builds a terminal. Never where real terminals are. */
  readonly isDevelopment: boolean
  /** Whether answers have the header `Server-Timing`. */
  readonly showsTiming: boolean
  random(bytes: Uint8Array<ArrayBuffer>): void
}
