/** @module `annul journal archive`, `verify`, `rebuild` and `find` over a local database with months of 2025. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { applyMigrations, executeFile, query, sqlText } from '../../../src/cli/lib/database.ts'
import { ArchiveWorld, dayOf, TERMINALS } from '../../archive/world.ts'
import { DELETE_INSERTED_KEYS } from '../../support/api-key-row.ts'
import { documentedJson } from '../call-cli.ts'
import { runCli } from '../run-cli.ts'

// Each command starts wrangler several times.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 })

const [TID] = TERMINALS
let world: ArchiveWorld
let database: { readonly remote: false; readonly persistTo: string }
let folder: string

/** All rows of the service's database as statements. */
function statements(): string {
  world.rows(DELETE_INSERTED_KEYS)
  const tables = world.rows<{ name: string }>(
    `select name from sqlite_master where type = 'table' order by rowid`,
  )
  const lines = tables.flatMap(({ name }) => {
    const columns = world
      .rows<{ name: string }>(`select name from pragma_table_xinfo(${sqlText(name)}) where hidden = 0`)
      .map((column) => column.name)
    const literals = columns.map((column) => `quote(${column})`).join(` || ', ' || `)
    return world
      .rows<{ line: string }>(`select ${literals} as line from ${name}`)
      .map(({ line }) => `insert into ${name} (${columns.join(', ')}) values (${line});`)
  })
  return lines.join('\n')
}

const run = (...args: string[]) =>
  runCli([...args, '--persist-to', database.persistTo], { env: { MASTER_KEY: 'ab'.repeat(32) } })

beforeAll(async () => {
  world = await ArchiveWorld.open(false)
  for (const month of [1, 2]) for (const id of TERMINALS) await world.live(id, dayOf(month, 20))
  await world.live(TID, dayOf(2, 25), false)
  database = { remote: false, persistTo: join(world.path, 'database') }
  folder = join(world.path, 'archive')
  await applyMigrations(database)
  await executeFile(database, statements())
})
afterAll(() => world.close())

test('months leave the local database once', async () => {
  const archive = ['journal', 'archive', '--archive', folder, '--json']
  const planned = documentedJson('journal archive', (await run(...archive)).stdout)
  expect(planned.map(({ terminalId, month, archived }) => [terminalId, month, archived])).toEqual(
    TERMINALS.map((id) => id.trimEnd()).flatMap((id) => [
      [id, '2025-01', false],
      [id, '2025-02', false],
    ]),
  )
  expect(existsSync(folder)).toBe(false)
  const applied = await run(...archive, '--apply')
  expect([applied.code, applied.stderr]).toEqual([0, ''])
  expect(documentedJson('journal archive', applied.stdout).every(({ archived }) => archived === true)).toBe(
    true,
  )
  const again = await run(...archive, '--apply')
  expect([again.code, again.stdout]).toEqual([0, ''])
})

test('verify and rebuild read what is left, and verify reads the files', async () => {
  const verified = await run('journal', 'verify', '--archive', folder, '--json')
  const chains = documentedJson('journal verify', verified.stdout)
  expect([verified.code, chains.every(({ sound }) => sound)]).toEqual([0, true])
  expect(chains.find(({ terminalId }) => terminalId === TID)).toMatchObject({ archived: expect.any(Number) })
  // The tables are written anew from the entries that are left.
  await query(database, `update terminal set status = 'stolen'; delete from sale; delete from batch`)
  const rebuilt = await run('journal', 'rebuild', '--json')
  const written = documentedJson('journal rebuild', rebuilt.stdout).map(({ table }) => table)
  expect([rebuilt.code, written]).toEqual([0, ['batch', 'sale', 'terminal']])
  expect((await run('journal', 'verify')).code).toBe(0)
})

test('find reads the files', async () => {
  const found = await run('journal', 'find', `${TID}000001000002`, '--archive', folder, '--json')
  expect(documentedJson('journal find', found.stdout).map(({ kind }) => kind)).toContain('sale')
  const unknown = await run('journal', 'find', 'f'.repeat(32), '--archive', folder)
  expect([unknown.code, unknown.stderr]).toEqual([1, 'journal find: the archive has no such message\n'])
})
