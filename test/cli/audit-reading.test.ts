/**
 * @module The audit of a database: the keys of terminals, pages of each size, and a service that writes while the tables are
 * read.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditKeys, type KeysOfTerminals } from '../../src/cli/lib/audit-keys.ts'
import { type AuditedDay, openAuditedDay } from './audited-day.ts'

let day: AuditedDay
beforeAll(async () => {
  day = await openAuditedDay()
}, 30_000)
afterAll(() => day.close())

describe('keys of terminals', () => {
  const read = (): KeysOfTerminals => ({
    terminals: day.service.storage.rows(
      'select terminal_id as terminalId, merchant_id as merchantId, key_version as keyVersion, tmk_version as tmkVersion from terminal',
    ),
    masterKeys: day.service.storage.rows(
      'select terminal_id as terminalId, version, wrapped from master_key',
    ),
    keySets: day.service.storage.rows(
      'select terminal_id as terminalId, version, tmk_version as tmkVersion, layout, created_at as createdAt, mak, tpk, tdk from key_set',
    ),
  })
  const look = async (keys: KeysOfTerminals) => {
    const found = await auditKeys(keys, day.opens)
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
      day.service.keyring.wrap(new Uint8Array(16), {
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

describe.each(['master_key', 'key_set'])('table %s', (table) => {
  it('shows a change of each column', async () => {
    const first = `terminal_id = (select min(terminal_id) from ${table})`
    for (const [column, change] of day.changesOf(table, first))
      expect([column, Object.keys(await day.tampered(change, true))]).toEqual([
        column,
        expect.arrayContaining([table]),
      ])
  })

  it('shows a moved row', async () => {
    const exchange = `update ${table} set terminal_id = iif(terminal_id = '12345678', 'x', '12345678')
      where terminal_id in ('12345678', '12345679')`
    expect(Object.keys(await day.tampered(exchange, true))).toContain(table)
  })
})

describe('counts of refusals', () => {
  it('are those of the entries, of terminals and of bearer keys', async () => {
    const counts = day.service.storage.rows('select key, written from refusal_count order by key')
    expect(counts).toEqual([
      { key: 'keys:123456789012345', written: 1 },
      { key: 'keys:admin', written: 2 },
      { key: 'terminal:12345678', written: 1 },
      { key: 'terminal:12345679', written: 1 },
    ])
    expect(await day.faults()).toEqual({})
  })

  it.each([
    'update refusal_count set written = written + 1',
    'update refusal_count set written = written - 1',
    'update refusal_count set written = written + 0.5',
    `update refusal_count set key = 'x' || key`,
    'update refusal_count set day = day + 1',
    'delete from refusal_count',
    `insert into refusal_count select 'terminal:99999999', day, 1, 0 from refusal_count limit 1`,
  ])('show a change: %s', async (sql) => {
    expect(Object.keys(await day.tampered(sql))).toEqual(['refusal_count'])
  })

  it('may be missing when the cron has deleted them, and are never wrong', async () => {
    const DAY = 86_400_000
    day.service.clock.now += 3 * DAY
    expect(await day.tampered('delete from refusal_count')).toEqual({})
    expect(await day.tampered('update refusal_count set written = 7')).toMatchObject({
      refusal_count: 'the journal gives another value for written',
    })
    day.service.clock.now -= 3 * DAY
  })
})

describe('pages', () => {
  it.each([1, 2, 3, 5, 7, 1000])('of %i rows give the same', async (size) => {
    expect(await day.faults(size)).toEqual({})
    expect(await day.faults(size, true)).toEqual({})
  })

  it('show each row that is deleted, wherever it is in its page', async () => {
    for (const [table, key] of [
      ['sale', 'message_key'],
      ['batch', 'terminal_id || batch_number'],
      ['acquirer_message', 'message_key'],
      ['journal', `terminal_id || '/' || seq`],
    ] as const)
      for (const { name } of day.service.storage.rows<{ name: string }>(
        `select ${key} as name from ${table}`,
      )) {
        const found = await day.tampered(`delete from ${table} where ${key} = '${name}'`)
        expect([name, found]).toEqual([name, { [table]: 'this row is missing' }])
      }
  })

  it('show a row whose key has another type', async () => {
    const moved = await day.tampered(`update reversal set target_key = cast(target_key as blob)`)
    expect(Object.keys(moved)).toEqual(['reversal'])
  })
})

describe('a service that writes while the tables are read', () => {
  const WRITER = '12345678'
  const write = (...statements: readonly string[]) => {
    for (const sql of statements) day.service.storage.rows(sql)
  }
  const grow = `update terminal set head_seq = head_seq + 1 where terminal_id = '${WRITER}'`
  const faultsOf = ({ tables }: Awaited<ReturnType<AuditedDay['audit']>>) =>
    tables.filter(({ fault }) => fault !== null).map(({ table }) => table)

  it('gives no false fault: the rows of a terminal that wrote are left out, and those of others compared', async () => {
    let calls = 0
    await day.audit(4, () => calls++)
    for (let now = 0; now < calls; now++) {
      // As the service does: rows of a terminal change with its head.
      const audit = await day.takenBack(() =>
        day.audit(4, (call) => {
          if (call === now)
            write(
              `update sale set amount = amount + 1 where terminal_id = '${WRITER}'`,
              `delete from reversal where terminal_id = '${WRITER}'`,
              `update void set amount = amount + 1 where message_key like '${WRITER}%'`,
              `update acquirer_message set amount = amount + 1 where terminal_id = '${WRITER}'`,
              `delete from key_set where terminal_id = '${WRITER}'`,
              grow,
            )
        }),
      )
      expect([now, faultsOf(audit), audit.grown]).toEqual([now, [], new Set([WRITER])])
    }
  })

  it('hides no change of a terminal that did not write', async () => {
    const audit = await day.takenBack(() =>
      day.audit(4, (call) => {
        if (call === 0)
          write(grow, `update batch set debit_amount = debit_amount + 1 where terminal_id <> '${WRITER}'`)
      }),
    )
    expect([faultsOf(audit), audit.grown]).toEqual([['batch'], new Set([WRITER])])
  })

  it('hides no change of a terminal that did not write: not by naming a terminal that wrote', async () => {
    const audit = await day.takenBack(() =>
      day.audit(4, (call) => {
        if (call === 0)
          write(
            grow,
            `update acquirer_message set terminal_id = '${WRITER}' where terminal_id <> '${WRITER}'`,
          )
      }),
    )
    expect(faultsOf(audit)).toEqual(['acquirer_message'])
  })
})
