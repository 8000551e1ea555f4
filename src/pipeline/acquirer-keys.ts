/**
 * @module The MAC keys of sign-ons at the acquirer (protocol.md §3.9). Database 0 has them, wrapped, and each isolate remembers the
 * wrapped ones. A message opens the newest one, and looks into the database only once a minute, or when the acquirer refuses its key.
 *
 * Requests share no promise, because a request that is cut off never ends it. One request of an isolate asks the database, and one of
 * all isolates signs on. The others look again.
 */

import { type AcquirerKeys, NO_KEY, type VersionedKey } from '../acquirer/keys.ts'
import type { Keyring } from '../crypto/keyring.ts'
import type { Result } from '../domain/result.ts'
import { type AcquirerKeyRow, addAcquirerKey, leaseSignOn, readAcquirerKeys } from '../store/acquirer-keys.ts'
import { type Db, errorText } from '../store/db.ts'
import type { Log } from './types.ts'

export interface SignOnKeysOptions {
  /** Database 0. */
  readonly db: Db
  readonly keyring: Pick<Keyring, 'wrap' | 'unwrap'>
  /** Milliseconds since the epoch. */
  now(): number
  sleep(ms: number): Promise<void>
  readonly log: Log
  /** Signs on at the acquirer. The key is in clear, and is wiped here. */
  signOn(): Promise<Result<Uint8Array<ArrayBuffer>, string>>
}

export interface SignOnKeys extends AcquirerKeys {
  /** For the cron: signs on if the newest key is a day old. Never throws. */
  renewDaily(): Promise<void>
}

/** Milliseconds in which an isolate believes what it remembers. A key that another one got is used after this time. */
const REMEMBERED_MS = 60_000

/** The age of a key at which the cron gets the next one, in milliseconds. */
const ACQUIRER_KEY_MS = 24 * 3_600_000

/** The longest wait for a sign-on that another request makes, in milliseconds: the deadline of the acquirer and a commit. */
const LONGEST_WAIT_MS = 9_000

/** Milliseconds between two looks of a request that waits: into the memory, and into the database. */
const LOOK_MS = 250
const DATABASE_LOOK_MS = 1000

/** Milliseconds after a sign-on was refused or failed in which an isolate asks the database for no other. */
const REST_MS = 5000

/** The keys of one isolate. */
export function signOnKeys({ db, keyring, now, sleep, log, signOn }: SignOnKeysOptions): SignOnKeys {
  /** The newest first. */
  let rows: readonly AcquirerKeyRow[] = []
  let readAt = Number.NEGATIVE_INFINITY
  /** The time at which a request of this isolate began to renew. */
  let renewingSince = Number.NEGATIVE_INFINITY
  let failedAt = Number.NEGATIVE_INFINITY

  const newestVersion = () => rows[0]?.version ?? NO_KEY
  /** A clock may jump back. */
  const isWithin = (since: number, ms: number) => Math.abs(now() - since) < ms

  function remember(read: readonly AcquirerKeyRow[]): void {
    // An answer of the database may be older than what is remembered.
    if ((read[0]?.version ?? NO_KEY) >= newestVersion()) rows = read
  }

  async function read(): Promise<void> {
    readAt = now()
    remember(await readAcquirerKeys(db))
  }

  const open = async ({ version, wrapped, createdAt }: AcquirerKeyRow): Promise<VersionedKey> => ({
    version,
    macKey: await keyring.unwrap(wrapped, contextOf(version, createdAt)),
  })

  async function signOnAs(version: number): Promise<boolean> {
    const key = await signOn()
    if (!key.ok) {
      log('alert', { why: 'acquirer_sign_on', error: key.error })
      return false
    }
    const createdAt = now()
    const wrapped = await keyring.wrap(key.value, contextOf(version, createdAt)).finally(() => {
      key.value.fill(0)
    })
    const row = { version, wrapped, createdAt }
    await addAcquirerKey(db, row)
    remember([row, ...rows].slice(0, 2))
    log('acquirer_signed_on', { version })
    return true
  }

  /** Waits for a sign-on of another isolate. */
  async function lookUntil(known: number, until: number): Promise<void> {
    while (newestVersion() <= known && now() < until) {
      await sleep(DATABASE_LOOK_MS)
      await read()
    }
  }

  async function renewInDatabase(known: number): Promise<void> {
    const { version, last, rows: found } = await leaseSignOn(db, known, now())
    readAt = now()
    remember(found)
    if (newestVersion() > known) return
    if (version !== null) {
      if (!(await signOnAs(version))) failedAt = now()
      return
    }
    const isUnderWay = last !== null && last.version > newestVersion()
    if (isUnderWay && isWithin(last.askedAt, LONGEST_WAIT_MS)) await lookUntil(known, now() + LONGEST_WAIT_MS)
    if (newestVersion() <= known) failedAt = now()
  }

  async function renew(known: number): Promise<boolean> {
    const isRenewing = () => isWithin(renewingSince, 2 * LONGEST_WAIT_MS)
    const until = now() + LONGEST_WAIT_MS
    while (newestVersion() <= known && isRenewing() && now() < until) await sleep(LOOK_MS)
    if (newestVersion() > known) return true
    if (isRenewing() || isWithin(failedAt, REST_MS)) return false
    renewingSince = now()
    try {
      await renewInDatabase(known)
    } catch (error) {
      failedAt = now()
      log('alert', { why: 'acquirer_sign_on', error: errorText(error) })
    } finally {
      renewingSince = Number.NEGATIVE_INFINITY
    }
    return newestVersion() > known
  }

  /** Whether a key is less than a day old and opens. Its row may have been changed. */
  async function isFresh(row: AcquirerKeyRow | undefined): Promise<boolean> {
    if (row === undefined || !isWithin(row.createdAt, ACQUIRER_KEY_MS)) return false
    return open(row).then(
      ({ macKey }) => macKey.fill(0).length > 0,
      () => false,
    )
  }

  return {
    areRenewed: true,
    async newest() {
      if (!isWithin(readAt, REMEMBERED_MS))
        await read().catch((error: unknown) => {
          // A remembered key is as good as before.
          if (rows.length === 0) throw error
        })
      const [row] = rows
      return row === undefined ? null : open(row)
    },
    async after(version) {
      if (newestVersion() <= version) await read()
      return Promise.all(rows.filter((row) => row.version > version).map(open))
    },
    renew,
    async renewDaily() {
      try {
        await read()
        if (!(await isFresh(rows[0]))) await renew(newestVersion())
      } catch (error) {
        log('alert', { why: 'acquirer_sign_on', error: errorText(error) })
      }
    },
  }
}

/** The key belongs to no terminal. */
const contextOf = (version: number, createdAt: number) => ({
  merchantId: '',
  terminalId: '',
  usage: 'zak' as const,
  version,
  createdAt,
})
