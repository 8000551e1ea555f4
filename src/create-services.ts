/** @module Puts the services of one isolate together out of its environment. */

import { createCore } from './core/instance.ts'
import { book } from './host/book.ts'
import type { Acquirer } from './host/port.ts'
import { sandbox } from './host/sandbox.ts'
import { privateData } from './iso8583/answer.ts'
import { openKeyring } from './keys.ts'
import { openRoad } from './process.ts'
import { freshId, freshRrn, freshSixDigits } from './random.ts'
import type { Services } from './services.ts'
import { openDb } from './store/db.ts'

export interface Environment {
  readonly DB: D1Database
  /** 256-bit secret, 64 hex digits. */
  readonly MASTER_KEY: string
  readonly ACQUIRER: string
  readonly ACQUIRER_ID: string
}

export interface Runtime {
  readonly module: WebAssembly.Module
  /** Milliseconds since the epoch. */
  now(): number
  random(bytes: Uint8Array<ArrayBuffer>): void
  sleep(ms: number): Promise<void>
  log(event: string, detail: Record<string, unknown>): void
}

/**
 * How long an answer is given again without asking the journal, in whole seconds of the clock: up to one more. Long enough
 * for a burst of copies, short because another isolate's reversal is not seen meanwhile.
 */
const DUPLICATE_WINDOW_SECONDS = 2

const ACQUIRERS: Readonly<Record<string, Acquirer>> = { sandbox, book }

/** Throws RangeError naming the setting that is wrong, never its value. */
export async function createServices(env: Environment, runtime: Runtime): Promise<Services> {
  const { now, random, sleep, log } = runtime
  const acquirer = ACQUIRERS[env.ACQUIRER]
  if (acquirer === undefined)
    throw new RangeError(`ACQUIRER: expected ${Object.keys(ACQUIRERS).join(' or ')}`)
  if (!/^\d{8,11}$/.test(env.ACQUIRER_ID)) throw new RangeError('ACQUIRER_ID: expected 8 to 11 digits')
  const db = openDb(env.DB)
  const supplies = () => ({
    now: now(),
    rrn: freshRrn(random),
    authorizationCode: freshSixDigits(random),
    id: freshId(random),
    hostStan: freshSixDigits(random),
    privateData,
  })
  const road = { db, acquirer, supplies, log }
  return {
    db,
    core: createCore(runtime.module, (bytes) => random(bytes as Uint8Array<ArrayBuffer>), {
      duplicateWindowSeconds: DUPLICATE_WINDOW_SECONDS,
    }),
    keyring: await openKeyring(env.MASTER_KEY, random),
    acquirer,
    acquirerId: env.ACQUIRER_ID,
    road,
    group: openRoad(road),
    now,
    random,
    sleep,
    log,
  }
}
