/** @module `annul status` over a local database: each figure, missing migrations, and the settings of wrangler.TOML. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { localFile } from '../../../src/cli/lib/local-size.ts'
import { databaseSettings } from '../../../src/cli/lib/worker-settings.ts'
import { callCli, documentedJson } from '../call-cli.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'annul-status-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const TOML = readFileSync('wrangler.toml', 'utf8')
const MIGRATIONS = readdirSync('migrations')
  .filter((name) => name.endsWith('.sql'))
  .toSorted()
const LAST = MIGRATIONS.at(-1)

test('without a table, names every migration as missing and gives no figures', async () => {
  const { code, out } = await callCli(['status', '--persist-to', folder, '--json'])
  const [line] = documentedJson('status', out)
  expect([code, line]).toMatchObject([1, { migrations: { applied: 0, missing: MIGRATIONS } }])
  expect(line).not.toHaveProperty('entries')
}, 120_000)

/** Runs statements on the file that wrangler made, which takes less time than wrangler itself. */
function execute(sql: string): void {
  const sqlite = new DatabaseSync(localFile(databaseSettings(TOML, undefined).id, folder))
  sqlite.exec(sql)
  sqlite.close()
}

test('counts entries, the work of the UTC day, cases, due messages and refusals', async () => {
  execute(
    `create table d1_migrations (id integer primary key autoincrement, name text unique);
     ${MIGRATIONS.map(
       (name) => `${readFileSync(`migrations/${name}`, 'utf8')};
       insert into d1_migrations (name) values ('${name}')`,
     ).join(';\n')}`,
  )
  const now = Date.now()
  const midnight = now - (now % 86_400_000)
  const sale = (id: number, at: number, state = 'approved') =>
    `(x'0${id}', 'k${id}', 'm', 100, '156', '${id}', ${Number(state === 'declined')}, ${at})`
  const aVoid = (id: number, at: number, state: string) =>
    `(x'0${id}', 'k${id}', x'1${id}', 100, ${id}, ${at}, nullif('${state}', 'approved'))`
  const message = (id: number, due: number | null, opened: number | null, closed: number | null) =>
    `('h${id}', 'sale', 'm', 't', '000001', '00000${id}', 100, '156', '${id}', 'pending', 0, 0, 0, 0, ${due}, ${opened}, ${closed})`
  execute(
    `insert into terminal (terminal_id, merchant_id, status, mac_profile, text_encoding, settlement_mac, batch_number, tmk_version, head_seq, head_hash, head_mac, head_mac_key)
       values ('t', 'm', 'active', 'cup-ecb', 'gbk', 'optional', '000001', 1, 40, '', '', 1), ('u', 'm', 'active', 'cup-ecb', 'gbk', 'optional', '000001', 1, 2, '', '', 1);
     insert into merchant (merchant_id, name, status, time_zone, cut_off, window_kind, currency_code, head_seq, head_hash, head_mac, head_mac_key)
       values ('m', 'm', 'active', 'Asia/Shanghai', '23:00', 'business_day', '156', 3, '', '', 1);
     insert into sale (id_raw, message_key, merchant_id, amount, currency_code, rrn_raw, is_declined, sold_at)
       values ${sale(1, midnight - 1)}, ${sale(2, midnight)}, ${sale(3, now)}, ${sale(4, now, 'declined')};
     insert into void (id_raw, message_key, sale_id_raw, amount, rrn_raw, voided_at, state_raw)
       values ${aVoid(1, midnight - 1, 'approved')}, ${aVoid(2, midnight, 'approved')}, ${aVoid(3, now, 'pending')},
         ${aVoid(4, now, 'declined')}, ${aVoid(5, now, 'reversed')}, ${aVoid(6, now, 'reversing')};
     insert into acquirer_message (message_key, kind, merchant_id, terminal_id, batch_number, acquirer_stan, amount,
         currency_code, rrn, state_raw, claimed_at, decide_by, moved_at, attempts, next_at, case_opened_at, case_closed_at)
       values ${message(1, null, null, null)}, ${message(2, now - 60_000, null, null)}, ${message(3, now - 90_000, 1, null)},
         ${message(4, now + 3_600_000, null, null)}, ${message(5, null, 1, 2)};
     insert into refusal_count values ('keys:m', ${midnight / 86_400_000}, 10000, 7), ('terminal:t', ${midnight / 86_400_000}, 1000, 5),
       ('terminal:t', ${midnight / 86_400_000 - 1}, 1000, 100)`,
  )
  const json = await callCli(['status', '--persist-to', folder, '--json'])
  const [line] = documentedJson('status', json.out)
  expect([json.code, line]).toEqual([
    0,
    {
      bytes: expect.any(Number),
      limit: 10_000_000_000,
      percent: 0,
      day: new Date(midnight).toISOString().slice(0, 10),
      entries: 45,
      sales: 2,
      voids: 3,
      openCases: 1,
      dueMessages: 2,
      oldestDue: new Date(now - 90_000).toISOString(),
      refusalsBeyondQuota: 12,
      openDays: 0,
      echo: null,
      migrations: { applied: MIGRATIONS.length, missing: [] },
    },
  ])
  // The local file, with its write-ahead log: whole pages of 4 KiB, and one at least for each table.
  expect(Number(line?.bytes) % 4096).toBe(0)
  expect(Number(line?.bytes)).toBeGreaterThan(13 * 4096)
  const askedAt = new Date(now - 60_000).toISOString()
  execute(
    `delete from d1_migrations where name = '${LAST}'; insert into acquirer_line values (1, ${now - 60_000}, 4, 'no answer');
     insert into acquirer_settlement (day, currency_code, acquirer_stan, own, undecided, counted_at, attempts, result, case_opened_at, case_closed_at)
       values ('2026-06-01', '156', '500001', '[0,0,0,0]', 0, 1, 1, 'different', 1, null), ('2026-06-02', '156', '500002', '[0,0,0,0]', 0, 1, 1, 'refused', 1, 2),
         ('2026-06-03', '156', '500003', '[0,0,0,0]', 0, 1, 1, 'equal', null, null)`,
  )
  const { code, out } = await callCli(['status', '--persist-to', folder])
  expect(code).toBe(1)
  expect(out.split('\n').slice(1)).toEqual([
    'journal: 45 entries',
    `today (${line?.day} UTC): 2 sales, 3 voids`,
    'refusals beyond the quota today: 12',
    'open cases: 1',
    `due messages: 2, the oldest since ${line?.oldestDue}`,
    'days of the acquirer with an open case: 1',
    `acquirer: 4 echoes without an answer, the last ${askedAt}: no answer`,
    `migrations: ${MIGRATIONS.length - 1} applied, ${LAST} missing`,
  ])
  expect(out).toMatch(/^database: 0\.\d MB of 10000\.0 MB, 0 %\n/)
}, 120_000)

test('shows an echo that the acquirer answered', async () => {
  execute(`update acquirer_line set failures = 0, why = null`)
  const { out } = await callCli(['status', '--persist-to', folder])
  expect(out).toMatch(/^acquirer: answers, last echo 2\d{3}-.*Z$/m)
}, 120_000)

test('a table that is missing although every migration is applied is an error', async () => {
  execute(`insert into d1_migrations (name) values ('${LAST}'); drop table refusal_count`)
  const { code, out, errors } = await callCli(['status', '--persist-to', folder])
  expect([code, out]).toEqual([1, ''])
  expect(errors).toMatch(/^status: database: .*no such table: refusal_count/)
}, 120_000)

test('takes id and limit of each environment of wrangler.toml', () => {
  const ids = [...TOML.matchAll(/database_id = "(.*)"/g)].map(([, id]) => id)
  const names = [undefined, ...[...TOML.matchAll(/^\[env\.(\w+)\]$/gm)].map(([, name]) => name)]
  expect(names.length).toBeGreaterThan(2)
  expect(names.map((name) => databaseSettings(TOML, name))).toEqual(
    ids.map((id) => ({ id, limit: 10_000_000_000 })),
  )
  const free = TOML.replaceAll('ACQUIRER = "book"', 'ACQUIRER = "book"\nDATABASE_LIMIT_BYTES = "500000000"')
  expect(names.map((name) => databaseSettings(free, name).limit)).toEqual([1e10, 5e8, 5e8])
  expect(() => databaseSettings(TOML, 'nowhere')).toThrow('no database for the environment nowhere')
  const wrong = TOML.replace('[vars]\n', '[vars]\nDATABASE_LIMIT_BYTES = "10 GB"\n')
  expect(() => databaseSettings(wrong, undefined)).toThrow('wrangler.toml: DATABASE_LIMIT_BYTES: expected')
})
