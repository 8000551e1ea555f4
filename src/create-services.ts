/** @module Creates the services of one isolate from its environment. */

import { askEcho } from './acquirer/ask-echo.ts'
import { book } from './acquirer/book.ts'
import { httpsAcquirer } from './acquirer/https.ts'
import { fixedKey } from './acquirer/keys.ts'
import type { Acquirer } from './acquirer/port.ts'
import { sandbox } from './acquirer/sandbox.ts'
import { type Fetch, sendOver } from './acquirer/send.ts'
import { type HttpsSettings, readHttpsSettings } from './acquirer/settings.ts'
import { settleAt } from './acquirer/settle.ts'
import { signOnAt } from './acquirer/sign-on.ts'
import { type Core, createCore } from './core/instance.ts'
import type { DataKeyStore } from './crypto/data-keys.ts'
import { type Keyring, openKeyringUnder, readMasterKeys } from './crypto/keyring.ts'
import { freshAcquirerStan, freshIdIn, freshRrn, freshSixDigits } from './crypto/random.ts'
import { dayAt, monthAndDayOf } from './domain/acquirer-day.ts'
import { bucketOf, bucketOfKey } from './domain/bucket.ts'
import type { Generated } from './domain/decision.ts'
import { signOnKeys } from './pipeline/acquirer-keys.ts'
import { overDatabases } from './pipeline/databases.ts'
import { readSampling, sampleApprovals } from './pipeline/sample-approvals.ts'
import type { Services } from './pipeline/services.ts'
import type { Log, LogDetail } from './pipeline/types.ts'
import { ownBuckets } from './store/bucket-mac.ts'
import { readQueryLimit } from './store/budget.ts'
import { addFirstDataKeys } from './store/data-keys.ts'
import { type BucketRow, openDatabases, withBuckets } from './store/databases.ts'
import { type Db, errorText } from './store/db.ts'
import { macHeadWith } from './store/head-mac.ts'
import { sha256 } from './store/journal.ts'
import { readBuckets, readRegion } from './store/region.ts'
import { readDatabaseLimit } from './store/size.ts'

export interface Environment extends HttpsSettings {
  /** Database 0. Further databases have the bindings `DB_1`, `DB_2` and so on. */
  readonly DB: D1Database
  /** 256-bit secret, 64 hex digits. */
  readonly MASTER_KEY: string
  /** Makes the first key of an administrator: 32 to 200 characters of a bearer key. */
  readonly BOOTSTRAP_KEY?: string
  /** The master key before, during a rotation. */
  readonly MASTER_KEY_PREVIOUS?: string
  readonly ACQUIRER: string
  readonly ACQUIRER_ID: string
  /** The most bytes that D1 lets the database have. 10 GB without it, the limit of the paid plan. */
  readonly DATABASE_LIMIT_BYTES?: string
  /** `yes` on a developer's machine: answers explain format errors. Absent where real terminals are. */
  readonly DEVELOPMENT?: string
  readonly SERVER_TIMING?: string
  /** One of so many approvals has a line in the log. Each one without it. */
  readonly LOG_APPROVALS?: string
  /** The most queries that D1 takes from one invocation. 1,000 without it, the limit of the paid plan. */
  readonly DATABASE_LIMIT_QUERIES?: string
  /** The acquirer as a service binding. It takes precedence over a URL. */
  readonly ACQUIRER_SERVICE?: { fetch: Fetch }
}

export interface Runtime {
  readonly module: WebAssembly.Module
  /** Milliseconds since the epoch. */
  now(): number
  random(bytes: Uint8Array<ArrayBuffer>): void
  sleep(ms: number): Promise<void>
  readonly log: Log
  /** The network. Without it the acquirer can only be a service binding. */
  readonly fetch?: Fetch
}

/**
 * The time in which an isolate repeats an answer from memory, in whole seconds, so up to one second more. It is long
 * enough for a burst of copies. It is short because a reversal in another isolate is not seen in that time.
 */
const DUPLICATE_WINDOW_SECONDS = 2

/** Database 0, and its keyring. */
interface Home {
  readonly db: Db
  readonly keyring: Keyring
}

/** Reads the settings of the acquirer. Its keys may be in the database, so it opens later. */
function acquirerOf(env: Environment, runtime: Runtime, core: Core): (home: Home) => Acquirer {
  switch (env.ACQUIRER) {
    case 'sandbox':
      return () => sandbox
    case 'book':
      return () => book
    case 'https':
      return remoteAcquirer(env, runtime, core)
    default:
      throw new RangeError('ACQUIRER: expected sandbox, book or https')
  }
}

/** The URL of a service binding when the settings have none. A binding ignores it. */
const BINDING_URL = 'https://acquirer/'

function remoteAcquirer(env: Environment, runtime: Runtime, core: Core): (home: Home) => Acquirer {
  const service = env.ACQUIRER_SERVICE
  const { url, zoneKey, idleMs, cutOff, ...profile } = readHttpsSettings(env, service !== undefined)
  const fetch = service === undefined ? runtime.fetch : service.fetch.bind(service)
  if (fetch === undefined || (service === undefined && url === null))
    throw new RangeError('ACQUIRER_URL: expected, unless there is a service binding ACQUIRER_SERVICE')
  const { now, sleep, log, random } = runtime
  const newStan = () => freshAcquirerStan(random)
  const send = sendOver(fetch, url ?? BINDING_URL)
  const options = { ...profile, core, institution: env.ACQUIRER_ID, send, hasDays: cutOff !== null }
  return (home) => {
    const renewed =
      zoneKey === null
        ? null
        : signOnKeys({ ...home, now, sleep, log, signOn: () => signOnAt({ ...options, zoneKey }, newStan()) })
    const keys = renewed ?? fixedKey(profile.macKey)
    return {
      ...httpsAcquirer({ ...options, keys }),
      ...(renewed === null ? {} : { renewKeys: renewed.renewDaily }),
      ...(idleMs === 0 ? {} : { line: { idleMs, echo: () => askEcho(options, newStan()) } }),
      ...(cutOff === null
        ? {}
        : { days: { cutOff, newStan, settle: (request) => settleAt({ ...options, keys }, request) } }),
    }
  }
}

/** A line of the log has the terminal's number without the blanks of field 41. */
function shownDetail(detail: LogDetail): LogDetail {
  const { terminalId } = detail
  return typeof terminalId === 'string' && terminalId.endsWith(' ')
    ? { ...detail, terminalId: terminalId.trimEnd() }
    : detail
}

function isYes(name: string, given: string | undefined): boolean {
  if (given !== undefined && given !== 'yes') throw new RangeError(`${name}: expected yes, or nothing`)
  return given === 'yes'
}

/** SHA-256 of the secret, as the callers' keys are known. */
async function bootstrapKeyOf({ BOOTSTRAP_KEY: key }: Environment): Promise<string | null> {
  if (key === undefined) return null
  if (!/^[A-Za-z0-9._~+/=-]{32,200}$/.test(key))
    throw new RangeError('BOOTSTRAP_KEY: expected 32 to 200 letters, digits and ._~+/=-')
  // A request with such a key would go to the database of a merchant.
  if (bucketOfKey(key) !== null)
    throw new RangeError('BOOTSTRAP_KEY: may not have the form of a merchant’s key')
  return sha256(key)
}

/**
 * Opens the keyring, and reads the buckets with it. Both are in database 0. Throws RangeError for a wrong setting, and Error with
 * the words of D1.
 */
async function openRegion(
  env: Environment,
  home: Db,
  { random, now, log }: Runtime,
): Promise<{ keyring: Keyring; buckets: readonly BucketRow[] }> {
  let buckets: readonly BucketRow[] = []
  const store: DataKeyStore = {
    async read() {
      const region = await readRegion(home)
      buckets = region.buckets
      return region.dataKeys
    },
    addFirst: (rows) => addFirstDataKeys(home, rows),
  }
  try {
    const masterKeys = await readMasterKeys(env)
    const keyring = await openKeyringUnder(masterKeys, store, random, now())
    await ownBuckets(keyring.verifyJournalMac, buckets)
    // A person compares the id before the data keys are wrapped anew: `annul keys rewrap --to ID`.
    if (masterKeys.previous !== undefined)
      log('master_key_rotation', {
        masterId: masterKeys.current.id,
        previousMasterId: masterKeys.previous.id,
      })
    return { keyring, buckets }
  } catch (error) {
    throw error instanceof RangeError ? error : new Error(errorText(error))
  }
}

/** Fresh values of decisions. Only an acquirer with days has a date. */
const generatorOf =
  ({ now: clock, random }: Pick<Runtime, 'now' | 'random'>, { days }: Acquirer) =>
  (merchantId: string): Generated => {
    const now = clock()
    return {
      now,
      rrn: freshRrn(random),
      authorizationCode: freshSixDigits(random),
      id: freshIdIn(bucketOf(merchantId), random),
      acquirerStan: freshAcquirerStan(random),
      ...(days === undefined ? {} : { acquirerDate: monthAndDayOf(dayAt(days.cutOff, now)) }),
    }
  }

/**
 * Creates all services. Throws RangeError with the name of the wrong setting, never its value, and Error with the words of D1
 * when D1 does not answer.
 */
export async function createServices(env: Environment, runtime: Runtime): Promise<Services> {
  const { now, random, sleep } = runtime
  const everyLine: Log = (event, detail) => runtime.log(event, shownDetail(detail))
  const log = sampleApprovals(everyLine, readSampling(env.LOG_APPROVALS))
  if (!/^\d{8,11}$/.test(env.ACQUIRER_ID)) throw new RangeError('ACQUIRER_ID: expected 8 to 11 digits')
  const databaseLimit = readDatabaseLimit(env.DATABASE_LIMIT_BYTES)
  const queryLimit = readQueryLimit(env.DATABASE_LIMIT_QUERIES)
  const core = createCore(runtime.module, (bytes) => random(bytes as Uint8Array<ArrayBuffer>), {
    duplicateWindowSeconds: DUPLICATE_WINDOW_SECONDS,
  })
  const openAcquirer = acquirerOf(env, runtime, core)
  const all = openDatabases(env)
  const { keyring, buckets } = await openRegion(env, all[0].db, runtime)
  const acquirer = openAcquirer({ db: all[0].db, keyring })
  const macHead = macHeadWith(keyring, (stream, seq) => log('alert', { why: 'head_not_ours', stream, seq }))
  return overDatabases({
    macHead,
    acquirer,
    generated: generatorOf(runtime, acquirer),
    now,
    sleep,
    log,
    databases: withBuckets(all, buckets, async () =>
      ownBuckets(keyring.verifyJournalMac, await readBuckets(all[0].db)),
    ),
    core,
    keyring,
    acquirerId: env.ACQUIRER_ID,
    bootstrapKey: await bootstrapKeyOf(env),
    databaseLimit,
    isDevelopment: isYes('DEVELOPMENT', env.DEVELOPMENT),
    showsTiming: isYes('SERVER_TIMING', env.SERVER_TIMING),
    queryLimit,
    random,
  })
}
