/**
 * @module A development server. It makes what a fresh checkout lacks: the core, `.dev.vars`, the local database, credentials and
 * one terminal. Then `wrangler dev` runs until it is stopped, and none of its processes outlives it.
 */

import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fromHex } from '../../iso8583/hex.ts'
import { createKey, type NewKey } from '../api-key.ts'
import { build } from '../build.ts'
import { callApi, refusalText } from '../lib/call-api.ts'
import { loadCore } from '../lib/core.ts'
import { applyMigrations, type Database, databaseOf } from '../lib/database.ts'
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
  const { added, bootstrapKey } = makeDevVars()
  if (added.length > 0) progress(`.dev.vars has a random ${added.join(' and ')} now`)
  progress('preparing the local database')
  await applyMigrations(database)
  const credentialsPath = credentialsPathOf(database)
  progress('starting wrangler dev')
  const server = serve({ ...options, vars: { ...options.vars, DEVELOPMENT: 'yes' } })
  const url = new URL(`http://${ip.includes(':') ? `[${ip}]` : ip === '0.0.0.0' ? '127.0.0.1' : ip}:${port}`)
  try {
    await server.answers(url)
    const kept = keptCredentials(credentialsPath)
    const known = await knownKeys(url, kept)
    const adminKey = known?.adminKey ?? (await makeKey(url, bootstrapKey, { name: 'development admin' }))
    if (known === null) await seedMerchant(url, adminKey)
    const keys = known ?? { adminKey, merchantKey: await makeMerchantKey(url, adminKey) }
    const credentials = { ...keys, terminalKey: kept.terminalKey ?? freshMasterKey() }
    const provisionOne = (terminalId: string, settings: JsonObject = {}) =>
      provisionSeed(url, credentials, terminalId, settings)
    // The database is new, or its terminal has a master key that this file no longer has.
    if (known === null || kept.terminalKey === undefined) {
      // Any simulator can settle here. A real terminal needs a reason for this setting (SECURITY.md).
      await provisionOne(SEED.terminalId, { settlementMac: 'optional' })
      progress(`registered terminal ${SEED.terminalId} of merchant ${SEED.merchantId}`)
      // Written last: the file says that the merchant and the terminal are there.
      keepCredentials(credentialsPath, credentials)
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

interface DevVars {
  /** The names of the secrets that were missing. */
  readonly added: readonly string[]
  readonly bootstrapKey: string
}

/** Adds the secrets to `.dev.vars` that it does not have. */
function makeDevVars(): DevVars {
  const path = join(root, '.dev.vars')
  let vars = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const added: string[] = []
  const secrets = {
    MASTER_KEY: randomBytes(32).toString('hex'),
    BOOTSTRAP_KEY: randomBytes(32).toString('hex'),
  }
  for (const [name, secret] of Object.entries(secrets)) {
    if (valueIn(vars, name) !== undefined) continue
    const line = `${vars === '' || vars.endsWith('\n') ? '' : '\n'}${name}=${secret}\n`
    appendFileSync(path, line, { mode: 0o600 })
    vars += line
    added.push(name)
  }
  return { added, bootstrapKey: valueIn(vars, 'BOOTSTRAP_KEY') ?? '' }
}

/** The value of a setting in the text of `.dev.vars`. */
const valueIn = (vars: string, name: string): string | undefined =>
  new RegExp(`^\\s*${name}\\s*=\\s*["']?([^"'\\n\\r]*?)["']?\\s*$`, 'm').exec(vars)?.[1]

export const credentialsPathOf = ({ persistTo }: Pick<Database, 'persistTo'>): string =>
  persistTo === undefined ? DEVELOPMENT_CREDENTIALS : join(persistTo, 'dev.json')

/** The credentials of the file. One of an earlier version may lack some. */
const keptCredentials = (path: string): Partial<Credentials> =>
  existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Partial<Credentials>) : {}

type BearerKeys = Pick<Credentials, 'adminKey' | 'merchantKey'>

/** The bearer keys of an earlier start, if the database knows them. */
async function knownKeys(
  url: URL,
  { adminKey, merchantKey }: Partial<Credentials>,
): Promise<BearerKeys | null> {
  if (adminKey === undefined || merchantKey === undefined) return null
  const answers = await Promise.all(
    [adminKey, merchantKey].map((key) => callApi({ url, key, method: 'GET', path: '/v1/cases?limit=1' })),
  )
  return answers.every(({ status }) => status === 200) ? { adminKey, merchantKey } : null
}

function keepCredentials(path: string, credentials: Credentials): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 })
}

const makeMerchantKey = (url: URL, adminKey: string): Promise<string> =>
  makeKey(url, adminKey, { name: 'development merchant', merchantId: SEED.merchantId })

async function makeKey(url: URL, by: string, settings: NewKey): Promise<string> {
  const { body } = done(settings.name, await createKey({ url, key: by }, settings))
  return String(body.key)
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

async function seedMerchant(url: URL, adminKey: string): Promise<void> {
  const { merchantId, merchantName } = SEED
  const body = { name: merchantName, timeZone: 'Asia/Shanghai', cutOff: '23:00' }
  done(merchantId, await provisionMerchant({ url, key: adminKey, merchantId, body }))
}

function done(name: string, provisioned: Provisioned): Provisioned {
  const { status, body } = provisioned
  if (status < 300) return provisioned
  throw new Failure(`provisioning ${name}: ${refusalText(status, body)}`)
}
