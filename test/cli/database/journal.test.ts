/** @module `annul journal verify` and `rebuild` over a local database that a demo has filled, before and after tampering. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { query } from '../../../src/cli/lib/database.ts'
import { documentedJson } from '../call-cli.ts'
import { freePort, runCli } from '../run-cli.ts'

// Each command starts wrangler several times.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

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

test('every chain and every table that the demo left is sound', async () => {
  const { code, stdout } = await verify()
  const verified = documentedJson('journal verify', stdout)
  expect(code).toBe(0)
  expect(verified.filter(({ terminalId }) => terminalId !== undefined).length).toBeGreaterThanOrEqual(4)
  expect(verified.filter(({ table }) => table !== undefined).length).toBeGreaterThanOrEqual(10)
  expect(verified.every(({ sound }) => sound)).toBe(true)
})

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

test('the first bad entry of each changed chain is named, and no other; rebuild then writes nothing', async () => {
  const [terminals = []] = await query(
    database,
    'select terminal_id as id from terminal order by head_seq desc',
  )
  const [changed = '', lost = ''] = terminals.map(({ id }) => String(id))
  await query(
    database,
    `update journal set body = replace(body, ',', ' ,') where terminal_id = '${changed}' and seq = 3;
     delete from terminal where terminal_id = '${lost}';
     delete from journal where terminal_id like 'merchant:%' and seq = 2;
     update journal set body = replace(body, 'bootstrap', 'somebody') where terminal_id = 'region' and seq = 1;
     delete from reversal`,
  )
  const { code, stdout } = await verify()
  const faults = documentedJson('journal verify', stdout).filter(({ sound }) => !sound)
  const named = new Map(faults.map(({ terminalId, fault }) => [String(terminalId), fault]))
  expect(code).toBe(1)
  expect(named.get(changed)).toMatchObject({ seq: 3, why: expect.stringMatching(/^its content was changed/) })
  expect(named.get(lost)).toMatchObject({ why: 'the row with the head of the chain is missing' })
  expect(named.get('region')).toMatchObject({ seq: 1 })
  const one = await runCli(['journal', 'verify', '--tid', changed, ...persist])
  expect([one.code, one.stdout]).toEqual([
    1,
    `terminal ${changed}: entry 3 is bad: its content was changed, or it does not follow from the entry before it\n`,
  ])
  const refused = await rebuild()
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('nothing was written')])
  const [rows] = await query(database, 'select count(*) as n from reversal')
  expect(rows).toEqual([{ n: 0 }])
})
