import { setImmediate as turn } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import type { VersionedKey } from '../../src/acquirer/keys.ts'
import { type Keyring, openKeyring } from '../../src/crypto/keyring.ts'
import { err, ok, type Result } from '../../src/domain/result.ts'
import { type SignOnKeys, signOnKeys } from '../../src/pipeline/acquirer-keys.ts'
import { addFirstDataKeys } from '../../src/store/data-keys.ts'
import { openDb } from '../../src/store/db.ts'
import { readRegion } from '../../src/store/region.ts'
import { bindD1, Storage } from '../simulation/platform/d1.ts'

const START = Date.UTC(2026, 5, 1, 2, 18)
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** One database, its isolates and an acquirer. Each sign-on brings another key. */
class Region {
  now = START
  trips = 0
  signOns = 0
  answer: (key: Uint8Array<ArrayBuffer>) => Result<Uint8Array<ArrayBuffer>, string> = ok
  readonly given: Uint8Array[] = []
  readonly lines: Readonly<Record<string, unknown>>[] = []
  readonly storage = new Storage()
  readonly db = openDb(
    bindD1(this.storage, async (_, apply) => {
      this.trips++
      await turn()
      return apply()
    }),
  )
  #keyring: Keyring | null = null

  async open(): Promise<void> {
    const store = {
      read: async () => (await readRegion(this.db)).dataKeys,
      addFirst: (rows: Parameters<typeof addFirstDataKeys>[1]) => addFirstDataKeys(this.db, rows),
    }
    const random = (bytes: Uint8Array<ArrayBuffer>) => void crypto.getRandomValues(bytes)
    this.#keyring = await openKeyring({ MASTER_KEY: 'ab'.repeat(32) }, store, random, START)
    this.trips = 0
  }

  isolate(skew = 0): SignOnKeys {
    if (this.#keyring === null) throw new Error('not open')
    return signOnKeys({
      db: this.db,
      keyring: this.#keyring,
      now: () => this.now + skew,
      // The clock stands still, so that no number of waiters moves it past a deadline.
      sleep: async () => turn(),
      log: (event, detail) => void this.lines.push({ event, ...detail }),
      signOn: async () => {
        this.signOns++
        await turn()
        const key = keyOf(this.signOns)
        this.given.push(key)
        return this.answer(key)
      },
    })
  }

  keys = () => this.storage.rows<{ version: number }>('select version from acquirer_key order by 1')
}

/** The key of the n-th sign-on. */
const keyOf = (n: number): Uint8Array<ArrayBuffer> => new Uint8Array(8).fill(0xa0 + n)
const hexOf = (key: VersionedKey | null) => key && [key.version, key.macKey.toHex()]

let region: Region
beforeEach(async () => {
  region = new Region()
  await region.open()
})

describe('keys of sign-ons', () => {
  it('are the same in all isolates, and each trip serves a minute', async () => {
    const [one, two] = [region.isolate(), region.isolate()]
    expect(await one.newest()).toBeNull()
    expect(await one.renew(0)).toBe(true)
    expect(hexOf(await two.newest())).toEqual([1, keyOf(1).toHex()])
    region.trips = 0
    for (let i = 0; i < 50; i++) {
      await two.newest()
      await one.newest()
    }
    expect(region.trips).toBe(0)
    region.now += MINUTE
    await one.newest()
    await one.newest()
    expect(region.trips).toBe(1)
  })

  it('come from one sign-on, however many messages ask in however many isolates', async () => {
    const isolates = [region.isolate(), region.isolate(), region.isolate()]
    const renewals = isolates.flatMap((isolate) => Array.from({ length: 64 }, () => isolate.renew(0)))
    expect(new Set(await Promise.all(renewals))).toEqual(new Set([true]))
    expect(region.signOns).toBe(1)
    // Not a trip for each message.
    expect(region.trips).toBeLessThan(60)
    for (const isolate of isolates) expect(hexOf(await isolate.newest())).toEqual([1, keyOf(1).toHex()])
  })

  it('are renewed once a minute at most, and what is unknown stays so', async () => {
    const keys = region.isolate()
    await keys.renew(0)
    region.trips = 0
    for (let i = 0; i < 64; i++) expect(await keys.renew(1)).toBe(false)
    expect([region.signOns, region.trips]).toEqual([1, 1])
    region.now += MINUTE
    expect(await keys.renew(1)).toBe(true)
    expect(await region.isolate().renew(1)).toBe(true)
    expect(region.signOns).toBe(2)
  })

  it('stay valid for messages in flight: the one before is there, and no older one', async () => {
    const keys = region.isolate()
    const other = region.isolate()
    for (let version = 0; version < 5; version++) {
      expect(await keys.renew(version)).toBe(true)
      region.now += MINUTE
    }
    expect(region.keys().map(({ version }) => version)).toEqual([4, 5])
    expect((await other.after(4)).map(hexOf)).toEqual([[5, keyOf(5).toHex()]])
    expect((await other.after(3)).map(hexOf)).toEqual([
      [5, keyOf(5).toHex()],
      [4, keyOf(4).toHex()],
    ])
    expect(await other.after(5)).toEqual([])
  })

  it('are renewed by the cron once a day, in all isolates together', async () => {
    const isolates = [region.isolate(), region.isolate(), region.isolate()]
    for (let minute = 0; minute <= 3 * 24 * 60; minute += 10) {
      await Promise.all(isolates.map((isolate) => isolate.renewDaily()))
      region.now = START + minute * MINUTE
    }
    expect(region.signOns).toBe(3)
  })

  it('are renewed by the cron again after a minute, when the acquirer refuses', async () => {
    const keys = region.isolate()
    await keys.renewDaily()
    region.answer = () => err('response code 96')
    region.now += DAY
    await keys.renewDaily()
    await keys.renewDaily()
    expect(region.signOns).toBe(2)
    expect(region.lines.at(-1)).toEqual({
      event: 'alert',
      why: 'acquirer_sign_on',
      error: 'response code 96',
    })
    expect(hexOf(await keys.newest())).toEqual([1, keyOf(1).toHex()])
    region.answer = ok
    region.now += MINUTE
    await keys.renewDaily()
    expect(hexOf(await keys.newest())).toEqual([3, keyOf(3).toHex()])
  })

  it('are renewed by the cron when the row of the newest does not open', async () => {
    const keys = region.isolate()
    await keys.renewDaily()
    region.storage.rows('update acquirer_key set created_at = created_at + 1')
    region.now += MINUTE
    await expect(region.isolate().newest()).rejects.toThrow()
    await keys.renewDaily()
    expect(hexOf(await region.isolate().newest())).toEqual([2, keyOf(2).toHex()])
  })

  it.each([-10 * MINUTE, 10 * MINUTE])(
    'are renewed by an isolate whose clock is wrong by %s ms',
    async (skew) => {
      await region.isolate(skew).renew(0)
      region.now += MINUTE
      expect(await region.isolate().renew(1)).toBe(true)
      expect(await region.isolate(skew).renew(2)).toBe(true)
      expect(region.keys().map(({ version }) => version)).toEqual([2, 3])
    },
  )

  it('are wrapped in the database, and wiped when they are written', async () => {
    const keys = region.isolate()
    await keys.renew(0)
    expect(region.given.flatMap((key) => [...key])).toEqual(Array(8).fill(0))
    const rows = JSON.stringify(region.storage.rows('select * from acquirer_key'))
    for (const form of [keyOf(1).toHex(), keyOf(1).toBase64()]) expect(rows).not.toContain(form)
    expect(JSON.stringify(region.lines)).not.toContain(keyOf(1).toHex())
  })

  it('that are remembered serve while the database does not answer', async () => {
    const keys = region.isolate()
    await keys.renew(0)
    region.now += 2 * MINUTE
    region.storage.rows('alter table acquirer_key rename to away')
    expect(hexOf(await keys.newest())).toEqual([1, keyOf(1).toHex()])
    await expect(region.isolate().newest()).rejects.toThrow()
    expect(await keys.renew(1)).toBe(false)
    await keys.renewDaily()
    expect(region.lines.at(-1)).toMatchObject({ event: 'alert', why: 'acquirer_sign_on' })
  })
})
