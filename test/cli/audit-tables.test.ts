/**
 * @module The audit of a database. It finds a row that was deleted, changed, moved or added, in each table and column.
 * It finds a journal that was rewritten without the key of the service.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KeysOfTerminals } from '../../src/cli/lib/audit-keys.ts'
import { auditKeys } from '../../src/cli/lib/audit-keys.ts'
import { replicaOf } from '../../src/cli/lib/audit-tables.ts'
import { auditTables } from '../../src/cli/lib/compare-tables.ts'
import { loadCore } from '../../src/cli/lib/core.ts'
import type { Replica } from '../../src/cli/lib/replica.ts'
import { faultOfChain } from '../../src/cli/lib/verify-chain.ts'
import { createSimulator } from '../../src/simulator/app.ts'
import { headContent } from '../../src/store/head-mac.ts'
import { type JournalRow, seal } from '../../src/store/journal.ts'
import { HEADS, type HeadRow, PROJECTIONS } from '../../src/store/rebuild.ts'
import { Replay } from '../../src/store/replay.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { EXAMPLE_TMK } from '../integrate/mac-examples.ts'
import { RecordedTerminal, Recorder } from '../integrate/recorder.ts'
import { openService, type Service, START } from '../integrate/service.ts'
import { DELETE_INSERTED_KEYS } from '../support/api-key-row.ts'
import { newKeyring } from '../support/memory-data-keys.ts'

const MAC_KEY = '0123456789ABCDEF'

let service: Service
let journal: JournalRow[]
let heads: HeadRow[]
let replica: Replica

/** A day with forwarded sales, voids and reversals, a reversal without its target, and a settlement. */
beforeAll(async () => {
  const core = await loadCore()
  const simulator = createSimulator({
    core,
    macProfile: 'cup-ecb',
    macKey: Uint8Array.from(Buffer.from(MAC_KEY, 'hex')),
    now: () => START,
    sleep: async () => {},
  })
  service = await openService({
    ACQUIRER: 'https',
    ACQUIRER_MAC_KEY: MAC_KEY,
    ACQUIRER_SERVICE: { fetch: (url, init) => simulator(new Request(url, init)) },
  })
  const recorder = new Recorder(service, core, { isNamed: false })
  for (const terminalId of ['12345678', '12345679']) {
    const pos = new RecordedTerminal(recorder, { terminalId, tmk: EXAMPLE_TMK, macProfile: 'cup-ecb' })
    await pos.provision()
    await pos.terminal.signOn()
    const stans: string[] = []
    for (let i = 0; i < 4; i++) {
      const sold = await pos.terminal.sale(1000 + 100 * i, testCard(i))
      if (!sold.ok) throw new Error(sold.error)
      stans.push(sold.value.sent.fields.get(11) ?? '')
    }
    await pos.terminal.voidSale(stans[0] ?? '')
    const voided = await pos.terminal.voidSale(stans[1] ?? '')
    if (!voided.ok) throw new Error(voided.error)
    await pos.terminal.reverse(voided.value.sent.fields.get(11))
    await pos.terminal.settle()
    await pos.terminal.sale(1500, testCard(9))
  }
  for (const merchantId of ['123456789012345', undefined])
    for (const name of ['first', 'second']) {
      const act = { 'idempotency-key': `${name}-${merchantId}` }
      const made = await service.json('POST', '/v1/keys', { merchantId, name }, act)
      if (made.status !== 201) throw new Error(`key: ${made.status}`)
    }
  service.storage.rows(DELETE_INSERTED_KEYS)
  journal = service.storage.rows<JournalRow>(
    `select terminal_id as terminalId, seq, hash, message_key as messageKey, rrn, body from journal order by rowid`,
  )
  heads = service.storage.rows<HeadRow>(HEADS).map((head) => ({ ...head }))
  replica = await replicaOf(journal, heads)
}, 30_000)

afterAll(() => {
  replica.close()
  service.close()
})

/** Whether a wrapped key opens in its place. */
const opens: Parameters<typeof auditTables>[3] = (wrapped, context) =>
  service.keyring.unwrap(wrapped, context).then(
    () => true,
    () => false,
  )

/** Runs statements as the command does: each returns its rows. */
const runSql = async (text: string) => text.split(';\n').map((one) => service.storage.rows(one))

/** The faults of the tables as they are now, read in pages of this size. */
async function faults(size = 3, ofKeys = false): Promise<Record<string, string>> {
  const now = service.storage.rows<HeadRow>(HEADS)
  const { tables, grown } = await auditTables(runSql, replica, now, opens, size)
  expect(grown).toEqual(new Set())
  // A change of a terminal's row may show at its keys too.
  const isShown = (name: string): boolean => (name === 'key_set' || name === 'master_key') === ofKeys
  return Object.fromEntries(
    tables.flatMap(({ table, fault }) => (fault === null || !isShown(table) ? [] : [[table, fault.why]])),
  )
}

/** Does it, looks, and takes it back. */
async function tampered(sql: string, ofKeys = false): Promise<Record<string, string>> {
  service.storage.rows('savepoint tampering')
  try {
    service.storage.rows(sql)
    return await faults(3, ofKeys)
  } finally {
    service.storage.rows('rollback to tampering')
    service.storage.rows('release tampering')
  }
}

const TABLES = [...PROJECTIONS, 'guard']
const keyOf = (table: string): string =>
  ({
    api_key: 'id',
    guard: 'key',
    region: 'id',
    merchant: 'merchant_id',
    terminal: 'terminal_id',
    batch: 'terminal_id || batch_number',
    reversal: 'target_key',
    master_key: 'terminal_id',
    key_set: 'terminal_id || version',
  })[table] ?? 'message_key'

describe.each(TABLES)('table %s', (table) => {
  const key = keyOf(table)
  const first = `${key} = (select min(${key}) from ${table})`

  it('is sound as the service left it, and has rows', async () => {
    expect(service.storage.rows(`select 1 from ${table}`).length).toBeGreaterThan(0)
    expect(await faults()).toEqual({})
  })

  it('shows a deleted row', async () => {
    expect(await tampered(`delete from ${table} where ${first}`)).toEqual({ [table]: 'this row is missing' })
  })

  it('shows an added row', async () => {
    const columns = replica.storedColumns(table)
    const unique = (name: string): string => {
      if (name.endsWith('id_raw') && name !== 'sale_id_raw') return 'randomblob(16)'
      if (name === 'sale_id_raw') return 'randomblob(16)'
      if (name === 'rrn_raw') return '1'
      if (name === 'acquirer_stan') return `'999998'`
      if (table === 'batch' && name === 'batch_number') return `'999998'`
      if (table === 'batch' && name === 'state') return `'closed'`
      if (table === 'region' && name === 'id') return '2'
      return ['message_key', 'target_key', 'key', 'merchant_id', 'terminal_id', 'id', 'hash'].includes(
        name,
      ) && table !== 'batch'
        ? `'x' || ${name}`
        : name
    }
    const added = `insert into ${table} (${columns.join(', ')}) select ${columns.map(unique).join(', ')} from ${table} where ${first}`
    service.storage.rows('pragma ignore_check_constraints = on')
    expect(await tampered(added)).toEqual({ [table]: 'the journal does not give this row' })
  })

  it('shows a change of each column', async () => {
    for (const column of replica.storedColumns(table)) {
      if (['attempts', 'next_at'].includes(column)) continue
      const [row] = service.storage.rows<{ type: string }>(
        `select typeof(${column}) as type from ${table} where ${first}`,
      )
      const changed =
        row?.type === 'integer'
          ? `${column} + 1`
          : row?.type === 'blob'
            ? `randomblob(length(${column}))`
            : row?.type === 'null'
              ? '1'
              : `'x' || ${column}`
      const ignored = `pragma ignore_check_constraints = on`
      service.storage.rows(ignored)
      const found = await tampered(`update ${table} set ${column} = ${changed} where ${first}`)
      expect([column, Object.keys(found)]).toEqual([column, [table]])
    }
  })
})

it('shows a change of the count of voids in the journal', async () => {
  const is = 'terminal_id = (select min(terminal_id) from journal where void_of is not null) and void_of'
  expect(await tampered(`update journal set void_of = null where ${is} > 0`)).toEqual({
    journal: 'the journal gives another value for void_of',
  })
  expect(await tampered(`update journal set void_of = void_of - 1 where ${is} < 0`)).toEqual({
    journal: 'the journal gives another value for void_of',
  })
})

describe('keys of terminals', () => {
  const read = (): KeysOfTerminals => ({
    terminals: service.storage.rows(
      'select terminal_id as terminalId, merchant_id as merchantId, key_version as keyVersion, tmk_version as tmkVersion from terminal',
    ),
    masterKeys: service.storage.rows('select terminal_id as terminalId, version, wrapped from master_key'),
    keySets: service.storage.rows(
      'select terminal_id as terminalId, version, tmk_version as tmkVersion, layout, created_at as createdAt, mak, tpk, tdk from key_set',
    ),
  })
  const look = async (keys: KeysOfTerminals) => {
    const found = await auditKeys(keys, opens)
    return found.flatMap(({ table, fault }) => (fault === null ? [] : [`${table}: ${fault.why}`]))
  }

  it('are sound as the service left them', async () => {
    expect(await look(read())).toEqual([])
  })

  it('that are deleted, changed or moved are found', async () => {
    const keys = read()
    const [one, other] = keys.masterKeys
    const [set] = keys.keySets
    if (one === undefined || other === undefined || set === undefined) throw new Error('no keys')
    expect(await look({ ...keys, masterKeys: [one] })).toEqual(['master_key: this row is missing'])
    expect(await look({ ...keys, keySets: keys.keySets.slice(1) })).toEqual(['key_set: this row is missing'])
    const moved = [{ ...one, wrapped: other.wrapped }, other]
    expect(await look({ ...keys, masterKeys: moved })).toEqual([
      'master_key: the master key does not open in this place',
    ])
    for (const member of ['mak', 'tpk'] as const)
      expect(
        await look({
          ...keys,
          keySets: [
            { ...set, [member]: set.mak === set[member] ? set.tpk : set.mak },
            ...keys.keySets.slice(1),
          ],
        }),
      ).toEqual([`key_set: ${member} does not open in this place`])
    const later = keys.keySets.map((row) => ({ ...row, version: row.version + 1 }))
    expect(await look({ ...keys, keySets: later })).toEqual(['key_set: this row is missing'])
  })

  it('that open in their place, but that the journal does not name or has ended, are found', async () => {
    const keys = read()
    const [master] = keys.masterKeys
    const [set] = keys.keySets
    const [terminal] = keys.terminals
    if (master === undefined || set === undefined || terminal === undefined) throw new Error('no keys')
    const { merchantId, terminalId } = terminal
    const wrap = (context: object) =>
      service.keyring.wrap(new Uint8Array(16), {
        merchantId,
        terminalId,
        usage: 'tmk',
        version: 0,
        ...context,
      })
    for (const by of [-1, 1]) {
      const version = master.version + by
      const one = { terminalId, version, wrapped: await wrap({ version }) }
      expect(await look({ ...keys, masterKeys: [one, ...keys.masterKeys.slice(1)] })).toEqual([
        'master_key: the journal names another master key',
      ])
    }
    const setWith = async (change: { version?: number; tmkVersion?: number }) => {
      const { version, tmkVersion, layout, createdAt } = { ...set, ...change }
      const place = { version, tmkVersion, layout, createdAt }
      const [mak, tpk] = [await wrap({ ...place, usage: 'mak' }), await wrap({ ...place, usage: 'tpk' })]
      return look({ ...keys, keySets: [{ terminalId, ...place, mak, tpk, tdk: null }, ...keys.keySets] })
    }
    const ended = ['key_set: the journal ended this key set']
    expect(await setWith({ version: set.version - 1 })).toEqual(ended)
    for (const version of [set.version - 1, set.version + 1])
      for (const by of [-1, 1])
        expect(await setWith({ version, tmkVersion: set.tmkVersion + by })).toEqual(ended)
    // A set that waits for its first message.
    expect(await setWith({ version: set.version + 1 })).toEqual([])
  })
})

it.each([
  ['tmk_version', 'tmk_version + 1'],
  ['layout', `'001'`],
  ['created_at', 'created_at + 1'],
])('shows a change of the %s of a key set', async (column, value) => {
  expect(await tampered(`update key_set set ${column} = ${value}`, true)).toEqual({
    key_set: 'mak does not open in this place',
  })
})

describe('pages', () => {
  it.each([1, 2, 3, 5, 7, 1000])('of %i rows give the same', async (size) => {
    expect(await faults(size)).toEqual({})
  })

  it('show each row that is deleted, wherever it is in its page', async () => {
    for (const table of [...TABLES, 'master_key']) {
      const key = keyOf(table)
      const isOfKeys = table === 'master_key'
      for (const { name } of service.storage.rows<{ name: string }>(`select ${key} as name from ${table}`)) {
        const found = await tampered(`delete from ${table} where ${key} = '${name}'`, isOfKeys)
        expect([name, found]).toEqual([name, { [table]: 'this row is missing' }])
      }
    }
  })

  it('show a row whose key has another type', async () => {
    const moved = await tampered(`update reversal set target_key = cast(target_key as blob)`)
    expect(Object.keys(moved)).toEqual(['reversal'])
  })
})

describe('a service that writes while the tables are read', () => {
  /** Does it before the call of this number. */
  const auditWhile = async (call: number, act: () => void) => {
    let calls = 0
    const now = service.storage.rows<HeadRow>(HEADS)
    const { tables, grown } = await auditTables(
      async (text) => {
        if (calls++ === call) act()
        return runSql(text)
      },
      replica,
      now,
      opens,
      4,
    )
    return { faults: tables.filter(({ fault }) => fault !== null).map(({ table }) => table), grown, calls }
  }

  it('gives no false fault: the rows of a terminal that wrote are left out, and those of others compared', async () => {
    const { calls } = await auditWhile(-1, () => {})
    for (let call = 0; call < calls; call++) {
      service.storage.rows('savepoint writing')
      // As the service does: rows of a terminal change with its head.
      const found = await auditWhile(call, () => {
        for (const sql of [
          `update sale set amount = amount + 1 where terminal_id = '12345678'`,
          `delete from reversal where terminal_id = '12345678'`,
          `update void set amount = amount + 1 where message_key like '12345678%'`,
          `update acquirer_message set amount = amount + 1 where terminal_id = '12345678'`,
          `delete from key_set where terminal_id = '12345678'`,
          `update terminal set head_seq = head_seq + 1 where terminal_id = '12345678'`,
        ])
          service.storage.rows(sql)
      })
      service.storage.rows('rollback to writing')
      service.storage.rows('release writing')
      expect([call, found]).toEqual([call, { faults: [], grown: new Set(['12345678']), calls }])
    }
  })

  it('hides no change of a terminal that did not write', async () => {
    service.storage.rows('savepoint writing')
    const found = await auditWhile(0, () => {
      service.storage.rows(`update terminal set head_seq = head_seq + 1 where terminal_id = '12345678'`)
      service.storage.rows(`update batch set debit_amount = debit_amount + 1 where terminal_id = '12345679'`)
    })
    service.storage.rows('rollback to writing')
    service.storage.rows('release writing')
    expect(found).toMatchObject({ faults: ['batch'], grown: new Set(['12345678']) })
  })
})

describe('a journal that is rewritten and rechained', () => {
  /** All entries of a terminal again, with one amount changed, each with its right hash. */
  async function rewritten(stream: string): Promise<{ rows: JournalRow[]; head: HeadRow }> {
    const replay = new Replay()
    const rows: JournalRow[] = []
    let head = { seq: 0, hash: '0'.repeat(64) }
    for (const row of journal.filter(({ terminalId }) => terminalId === stream)) {
      const { entry, effects, terminal } = replay.next(row)
      const { seq: _, hash: __, ...draft } = entry
      const answer = draft.answer && { ...draft.answer, authorizationCode: '999999' }
      const context = { before: terminal?.batch ?? null, base: null, merchantId: draft.merchantId }
      const forged = await seal({ ...draft, answer, effects }, head, row.rrn, context)
      rows.push(forged)
      head = { seq: forged.seq, hash: forged.hash }
    }
    const kept = heads.find((one) => one.stream === stream)
    if (kept === undefined) throw new Error('no head')
    return { rows, head: { ...kept, ...head } }
  }

  const numbered = (rows: readonly JournalRow[]) => rows.map((row, number) => ({ ...row, number }))

  it('is found, with the heads that the service signed and with new ones', async () => {
    const { keyring } = service
    const stream = '12345678'
    const { rows, head } = await rewritten(stream)
    const kept = heads.find((one) => one.stream === stream) ?? null
    expect(await faultOfChain({ stream, head: kept, rows: numbered(rows) }, keyring)).toMatchObject({
      why: 'differs from the head',
    })
    expect(await faultOfChain({ stream, head, rows: numbered(rows) }, keyring)).toMatchObject({
      why: 'the MAC of the head is not the service’s',
    })
    // Not even with a MAC of another service.
    const other = await newKeyring('cd'.repeat(32), (bytes) => void crypto.getRandomValues(bytes))
    const mac = (await other.journalMac(headContent(stream, head))).toHex()
    expect(
      await faultOfChain({ stream, head: { ...head, mac }, rows: numbered(rows) }, keyring),
    ).not.toBeNull()
    // The service itself would be believed: its key is the proof.
    const own = (await keyring.journalMac(headContent(stream, head))).toHex()
    expect(
      await faultOfChain({ stream, head: { ...head, mac: own }, rows: numbered(rows) }, keyring),
    ).toBeNull()
  })

  it('is found when the head of another stream, or an older head, is in its place', async () => {
    const { keyring } = service
    const [one, other] = heads.filter(({ stream }) => !stream.startsWith('merchant:'))
    if (one === undefined || other === undefined) throw new Error('no heads')
    const rows = numbered(journal.filter(({ terminalId }) => terminalId === one.stream))
    const chain = (head: HeadRow) => faultOfChain({ stream: one.stream, head, rows }, keyring)
    expect(await chain(one)).toBeNull()
    expect(await chain({ ...one, mac: other.mac })).not.toBeNull()
    expect(await chain({ ...one, keyId: 2 })).not.toBeNull()
    expect(await chain({ ...one, mac: '' })).not.toBeNull()
  })
})
