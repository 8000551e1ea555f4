/**
 * @module The bytes of a sale and its void in the database. Terminals live a day over the real service. SQLite says how
 * large each table and index is.
 */

import { createApp } from '../../src/app.ts'
import { splitMasterKey } from '../../src/cli/provision.ts'
import { createServices } from '../../src/create-services.ts'
import { newTerminalState } from '../../src/terminal/state.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { VirtualTerminal } from '../../src/terminal/virtual-terminal.ts'
import { bindD1, Storage } from '../simulation/platform/d1.ts'
import { coreModule } from '../support/load-core.ts'
import { seeded } from '../support/micro-random.ts'
import { scriptedAcquirer, withAcquirer } from '../worker/scripted-acquirer.ts'

const MID = '123456789012345'
const TMK = Uint8Array.fromHex('0123456789ABCDEFFEDCBA9876543210')
const START = Date.UTC(2026, 5, 1, 2, 18)

export interface Sizes {
  /** Bytes for one sale and its void, in all tables and indexes. */
  readonly perPair: number
  /** The same for each table and index. */
  readonly parts: Readonly<Record<string, number>>
}

/** Each of `terminals` makes `pairs` sales and voids. The database grows by whole pages, so the number must be large. */
export async function measure(isForwarded: boolean, terminals = 20, pairs = 60): Promise<Sizes> {
  const storage = new Storage()
  const random = seeded(1)
  let now = START
  const services = await createServices(
    {
      DB: bindD1(storage, async (_, apply) => apply()),
      MASTER_KEY: 'ab'.repeat(32),
      ACQUIRER: 'sandbox',
      ACQUIRER_ID: '00001234',
    },
    {
      module: coreModule,
      now: () => now,
      random: (bytes) => void bytes.set(random.bytes(bytes.length)),
      sleep: async () => {},
      log: () => {},
    },
  )
  let serial = 0
  const acquirer = scriptedAcquirer()
  const approve = async () => {
    const number = ++serial
    return {
      kind: 'approved' as const,
      rrn: String(100_000_000_000 + number),
      authorizationCode: String(number).padStart(6, '0'),
    }
  }
  acquirer.script = { sale: approve, void: approve }
  const app = createApp(isForwarded ? withAcquirer(services, acquirer.port) : services)
  const pending: Promise<unknown>[] = []
  const context = { waitUntil: (one: Promise<unknown>) => void pending.push(one), props: {} }
  const fetch = async (path: string, init: RequestInit): Promise<Response> => {
    const response = await app.fetch(new Request(`http://annul${path}`, init), {}, context as never)
    await Promise.allSettled(pending.splice(0))
    return response
  }
  const key = 'annul_an-administrator-of-a-measurement'
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key))).toHex()
  storage.rows(
    `insert into api_key (hash, merchant_id, name, created_at) values (?, null, 'measurement', 0)`,
    digest,
  )
  const put = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const { status } = await fetch(path, { method: 'PUT', headers, body: JSON.stringify(body) })
    if (status !== 201) throw new Error(`${path}: ${status}`)
  }
  await put(`/v1/merchants/${MID}`, { name: 'Test' })
  const all: VirtualTerminal[] = []
  for (let i = 0; i < terminals; i++) {
    const terminalId = `1000${String(i).padStart(4, '0')}`
    const tmk = splitMasterKey(services.core, 'cup-ecb', TMK)
    await put(`/v1/merchants/${MID}/terminals/${terminalId}`, { macProfile: 'cup-ecb', tmk })
    const send = async (frame: Uint8Array) => {
      const headers = { 'content-type': 'x-ISO-TPDU/x-auth', 'cf-connecting-ip': `203.0.113.${i}` }
      const body = Uint8Array.from(frame)
      const response = await fetch('/v1/iso8583', { method: 'POST', headers, body })
      return new Uint8Array(await response.arrayBuffer())
    }
    const state = newTerminalState(MID, terminalId, 'cup-ecb')
    const terminal = new VirtualTerminal({
      core: services.core,
      send,
      now: () => now,
      tmk: TMK,
      state,
    } as never)
    await terminal.signOn()
    all.push(terminal)
  }
  const before = sizes(storage)
  for (let pair = 0; pair < pairs; pair++)
    for (const [i, terminal] of all.entries()) {
      now += 1009
      const sold = await terminal.sale(1000 + 100 * pair, testCard((i + 20 * pair) % 1000))
      const stan = sold.ok ? sold.value.sent.fields.get(11) : undefined
      const voided = await terminal.voidSale(stan ?? '')
      if (!voided.ok || voided.value.outcome !== 'approved') throw new Error(JSON.stringify(voided))
    }
  const after = sizes(storage)
  storage.close()
  const count = terminals * pairs
  const parts = Object.fromEntries(
    Object.entries(after).map(([name, bytes]) => [name, Math.round((bytes - (before[name] ?? 0)) / count)]),
  )
  return { perPair: Object.values(parts).reduce((sum, bytes) => sum + bytes, 0), parts }
}

const sizes = (storage: Storage): Record<string, number> =>
  Object.fromEntries(
    storage
      .rows<{ name: string; bytes: number }>('select name, sum(pgsize) as bytes from dbstat group by name')
      .map(({ name, bytes }) => [name, bytes]),
  )

if (process.argv[1] === import.meta.filename)
  for (const isForwarded of [false, true]) console.log(isForwarded, await measure(isForwarded))
