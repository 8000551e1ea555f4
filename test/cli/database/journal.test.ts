/** @module `annul journal rebuild` over a local database that a demo has filled. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { query } from '../../../src/cli/lib/database.ts'
import { documentedJson } from '../call-cli.ts'
import { freePort, runCli } from '../run-cli.ts'

// Each command starts wrangler several times.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 })

const folder = mkdtempSync(join(tmpdir(), 'annul-journal-'))
const database = { remote: false, persistTo: folder }
const persist = ['--persist-to', folder]
const verify = () => runCli(['journal', 'verify', '--json', ...persist])
const rebuild = () => runCli(['journal', 'rebuild', '--json', ...persist])

beforeAll(async () => {
  const { code } = await runCli(['demo', '--exit', '--port', String(await freePort()), ...persist])
  expect(code).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a table that differs is named, and rebuild writes it anew and nothing else', async () => {
  await query(database, `update void set amount = amount + 1; delete from reversal`)
  const { code, stdout } = await verify()
  const bad = documentedJson('journal verify', stdout).filter(({ sound }) => !sound)
  expect([code, bad.map(({ table }) => table)]).toEqual([1, ['reversal', 'void']])
  const rebuilt = await rebuild()
  const written = documentedJson('journal rebuild', rebuilt.stdout).map(({ table }) => table)
  expect([rebuilt.code, written]).toEqual([0, ['reversal', 'void']])
  expect((await verify()).code).toBe(0)
  const again = await rebuild()
  expect([again.code, again.stdout]).toEqual([0, ''])
})

test('rebuild writes nothing when a chain is bad', async () => {
  await query(database, `delete from reversal; update terminal set head_mac = substr(head_mac, 2) || '0'`)
  const { code, stderr } = await rebuild()
  expect([code, stderr]).toEqual([1, expect.stringContaining('nothing was written')])
  const [rows] = await query(database, 'select count(*) as n from reversal')
  expect(rows).toEqual([{ n: 0 }])
})
