/**
 * @module A development server. It makes what a fresh checkout lacks: the core, `.dev.vars`, the local database, credentials and
 * one terminal. Then `wrangler dev` runs until it is stopped, and none of its processes outlives it.
 */

import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fromHex } from '../../iso8583/hex.ts'
import { insertApiKey, newApiKey } from '../api-key.ts'
import { build } from '../build.ts'
import { loadCore } from '../lib/core.ts'
import { applyMigrations, type Database, databaseOf, query, sqlText } from '../lib/database.ts'
import type { Parsed } from '../lib/declare.ts'
import { Failure } from '../lib/failure.ts'
import type { JsonObject } from '../lib/ndjson.ts'
import {
  DEVELOPMENT_CREDENTIALS,
  type Provisioned,
  provision,
  provisionMerchant,
  splitMasterKey,
} from '../provision.ts'
import type { START } from '../table/development.ts'
import { tickCron } from './cron.ts'
import { freshMasterKey } from './fresh-master-key.ts'
import { assertFree } from './port.ts'
import { root } from './wrangler.ts'
import { type ServeOptions, serve } from './wrangler-dev.ts'

/** The merchant and terminal of every development database. */
export const SEED = {
  merchantId: '123456789012345',
  terminalId: '12345678',
  merchantName: '示例商店 Example Store',
} as const

export interface DevOptions extends ServeOptions {
  /** Called with each step of the preparation. */
  readonly progress: (line: string) => void
}

export interface DevServer {
  readonly url: URL
  readonly credentials: Credentials
  /** The file of the credentials, as a path from the checkout. */
  readonly credentialsPath: string
  /** Registers a terminal of the seeded merchant under the development master key. */
  provision(terminalId: string): Promise<Provisioned>
  /** Ends the server and all its processes. */
  stop(): Promise<void>
  /** Settles when the server has ended: true if it was stopped. */
  readonly ended: Promise<boolean>
}

export interface Credentials {
  /** Bearer key of an administrator. */
  readonly adminKey: string
  /** Bearer key of the seeded merchant. */
  readonly merchantKey: string
  /** Master key of its terminals: random, 16 bytes as hex. */
  readonly terminalKey: string
}

export const devOptionsOf = ({
  port,
  ip,
  persistTo,
}: Omit<Parsed<typeof START>, 'quiet'>): Pick<DevOptions, 'port' | 'ip' | 'database'> => ({
  port,
  ip,
  database: databaseOf({ persistTo }),
})

export async function startDev(options: DevOptions): Promise<DevServer> {
  const { port, ip, database, progress } = options
  await assertFree(port, ip)
  progress('building the core')
  await build()
  if (makeDevVars()) progress('.dev.vars has a random MASTER_KEY now')
  progress('preparing the local database')
  await applyMigrations(database)
  const credentialsPath = credentialsPathOf(database)
  const { credentials, isComplete } = credentialsAt(credentialsPath)
  const hasTerminal = await prepareDatabase(database, credentials)
  progress('starting wrangler dev')
  const server = serve(options)
  const url = new URL(`http://${ip.includes(':') ? `[${ip}]` : ip === '0.0.0.0' ? '127.0.0.1' : ip}:${port}`)
  try {
    await server.answers(url)
    const provisionOne = (terminalId: string, settings: JsonObject = {}) =>
      provisionSeed(url, credentials, terminalId, settings)
    // A terminal of before has the master key of a file that is gone.
    if (!hasTerminal || !isComplete) {
      // Any simulator can settle here. A real terminal needs a reason for this setting (SECURITY.md).
      await seedMerchant(url, credentials)
      await provisionOne(SEED.terminalId, { settlementMac: 'optional' })
      progress(`registered terminal ${SEED.terminalId} of merchant ${SEED.merchantId}`)
    }
    const { stop, ended } = server
    void ended.then(tickCron(url))
    return {
      url,
      credentials,
      credentialsPath: (database.persistTo === undefined
        ? relative(root, credentialsPath)
        : credentialsPath
      ).replaceAll('\\', '/'),
      provision: (terminalId) => provisionOne(terminalId),
      stop,
      ended,
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}

/** Adds a master key to `.dev.vars` if it has none. True if it added one. */
function makeDevVars(): boolean {
  const path = join(root, '.dev.vars')
  const vars = existsSync(path) ? readFileSync(path, 'utf8') : ''
  if (/^\s*MASTER_KEY\s*=/m.test(vars)) return false
  const gap = vars === '' || vars.endsWith('\n') ? '' : '\n'
  appendFileSync(path, `${gap}MASTER_KEY=${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
  return true
}

export const credentialsPathOf = ({ persistTo }: Pick<Database, 'persistTo'>): string =>
  persistTo === undefined ? DEVELOPMENT_CREDENTIALS : join(persistTo, 'dev.json')

/** Reads the credentials, and makes those that the file lacks. `isComplete`: the file had all. */
function credentialsAt(path: string): { credentials: Credentials; isComplete: boolean } {
  const kept = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Partial<Credentials>) : {}
  const made = { adminKey: newApiKey(), merchantKey: newApiKey(), terminalKey: freshMasterKey() }
  const credentials = { ...made, ...kept }
  const isComplete = Object.keys(made).every((name) => Object.hasOwn(kept, name))
  if (!isComplete) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 })
  }
  return { credentials, isComplete }
}

/** Stores the credentials if the database lacks them. True if the seeded terminal exists. */
async function prepareDatabase(database: Database, { adminKey, merchantKey }: Credentials): Promise<boolean> {
  const statements = [
    insertApiKey(adminKey, null, 'development admin'),
    insertApiKey(merchantKey, SEED.merchantId, 'development merchant'),
    `select 1 from terminal where terminal_id = ${sqlText(SEED.terminalId)}`,
  ]
  const results = await query(database, statements.join('; '))
  return (results.at(-1) ?? []).length > 0
}

/** Registers a terminal of the seeded merchant under the development master key. */
export async function provisionSeed(
  url: URL,
  { adminKey, terminalKey }: Credentials,
  terminalId: string,
  settings: JsonObject = {},
): Promise<Provisioned> {
  const tmk = splitMasterKey(await loadCore(), 'cup-ecb', fromHex(terminalKey) ?? new Uint8Array(0))
  const body = { state: 'active', macProfile: 'cup-ecb', tmk, ...settings }
  const { merchantId } = SEED
  return done(terminalId, await provision({ url, key: adminKey, merchantId, terminalId, body }))
}

async function seedMerchant(url: URL, { adminKey }: Credentials): Promise<void> {
  const { merchantId, merchantName } = SEED
  const body = { name: merchantName, timeZone: 'Asia/Shanghai', cutOff: '23:00' }
  done(merchantId, await provisionMerchant({ url, key: adminKey, merchantId, body }))
}

function done(name: string, provisioned: Provisioned): Provisioned {
  const { status, body } = provisioned
  if (status < 300) return provisioned
  throw new Failure(`provisioning ${name}: HTTP ${status} ${body.reason ?? ''}`)
}
