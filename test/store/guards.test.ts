/**
 * @module The conditions of a commit, one scenario for each. Without its condition the scenario must end otherwise, so
 * that no condition can be lost unnoticed.
 */

import { describe, expect, it } from 'vitest'
import { asPending } from '../../src/domain/decide-claim.ts'
import { decideReversal } from '../../src/domain/decide-reversal.ts'
import { decideSale } from '../../src/domain/decide-sale.ts'
import type { Decision } from '../../src/domain/decision.ts'
import { commit } from '../../src/store/commit.ts'
import { seal } from '../../src/store/journal.ts'
import type { CommitItem } from '../../src/store/step.ts'
import * as f from '../domain/fixtures.ts'
import { Database, insertEntry } from './database.ts'

async function itemOf(
  database: Database,
  decide: (loaded: typeof f.loadedState) => Decision,
): Promise<CommitItem> {
  const terminal = await database.terminal()
  const decision = decide({ ...f.loadedState, terminal })
  if (decision.kind !== 'commit') throw new Error(`${decision.kind}: expected an entry`)
  const { draft, moves = [] } = decision
  const row = await seal(draft, terminal.head, draft.answer?.rrn ?? draft.effects.claim?.rrn ?? null, {
    before: terminal.batch,
    base: null,
    merchantId: terminal.merchantId,
  })
  return { row, headMac: { keyId: 1, mac: 'test' }, effects: draft.effects, terminal, needs: [], moves }
}

const approved = { kind: 'approved' } as const
const saleIn = (database: Database) =>
  itemOf(database, (loaded) => decideSale(f.saleRequest, loaded, f.generated, approved))
const claimIn = (database: Database) =>
  itemOf(database, (loaded) =>
    asPending(decideSale(f.saleRequest, loaded, f.generated, approved), loaded, f.generated),
  )
const tombstoneIn = (database: Database) =>
  itemOf(database, (loaded) => decideReversal(f.reversalOfSale, loaded, f.generated))

/** Condition of the trigger → scenario: another writer was faster. */
const SCENARIOS: Readonly<Record<string, (database: Database) => Promise<CommitItem>>> = {
  'seq = new.seq - 1': async (database) => {
    const item = await saleIn(database)
    return { ...item, row: { ...item.row, previousHash: 'f'.repeat(64) } }
  },
  'AND seq = new.seq)': async (database) => {
    const item = await saleIn(database)
    const other = await itemOf(database, (loaded) =>
      decideSale({ ...f.saleRequest, messageKey: 'another' }, loaded, { ...f.generated, rrn: '1' }, approved),
    )
    expect(await commit(database.db, [other])).toEqual([true])
    return item
  },
  'seq > 1 AND new.seq = 1': async (database) => {
    const item = await saleIn(database)
    database.storage.rows(`insert into journal (terminal_id, seq, hash_raw, message_key, body)
      values ('${f.TID}', 7, x'00', 'later', '[]')`)
    return { ...item, row: { ...item.row, seq: 1, previousHash: '0'.repeat(64) } }
  },
  'FROM archive_segment': async (database) => {
    const item = await saleIn(database)
    database.storage.rows(`insert into archive_segment
      values (1, '${f.TID}', '2026-01', 1, 1, '', '', '', '', '', 0, '', 1)`)
    return { ...item, row: { ...item.row, seq: 1, previousHash: '0'.repeat(64) } }
  },
  'message_key = new.message_key': async (database) => {
    const item = await saleIn(database)
    insertEntry(database.storage, item.row.messageKey, null)
    return item
  },
  'rrn_raw = new.rrn_raw': async (database) => {
    const item = await saleIn(database)
    insertEntry(database.storage, 'another', item.row.rrn)
    return item
  },
  'target_key = new.message_key': async (database) => {
    const item = await saleIn(database)
    const tombstone = await tombstoneIn(database)
    // The reversal is in another journal: a JSON reversal follows the sale that it names.
    const row = { ...tombstone.row, terminalId: '87654321' }
    const terminal = { ...tombstone.terminal, terminalId: '87654321' }
    expect(await commit(database.db, [{ ...tombstone, row, terminal }])).toEqual([true])
    return { ...item, row: { ...item.row, rrn: '000000000999' } }
  },
  'message_key = new.tombstoned_key': async (database) => {
    const item = await tombstoneIn(database)
    insertEntry(database.storage, f.saleRequest.messageKey, null)
    return item
  },
  'message_key = new.claim_sale_key': async (database) => {
    const item = await claimIn(database)
    insertEntry(database.storage, f.keyOf(f.generated.acquirerStan, 'sale'), null)
    return item
  },
  'target_key = new.claim_sale_key': async (database) => {
    const item = await claimIn(database)
    const late = f.keyOf(f.generated.acquirerStan, 'sale')
    database.storage.rows(
      `insert into reversal (target_key, terminal_id, seq, kind) values (?, ?, 1, 'tombstone')`,
      late,
      f.TID,
    )
    return item
  },
  'FROM archived': async (database) => {
    const item = await saleIn(database)
    database.storage.rows('insert into archived (name, segment) values (?, 1)', item.row.messageKey)
    return item
  },
  'json_each(new.needs)': async (database) => {
    const item = await saleIn(database)
    database.storage.rows(`insert into guard (key, version) values ('merchant:${f.MID}', 1)`)
    return { ...item, needs: [[`merchant:${f.MID}`, 0]] }
  },
}

const [[whole = '', conditions = ''] = []] = new Database().storage
  .rows<{ sql: string }>(`select sql from sqlite_master where name = 'arrive'`)
  .map(({ sql }) => /WHERE\n([\s\S]*?);\n/.exec(sql) ?? [])
const each = conditions.split(/\n\s*OR (?=EXISTS)/)

/** Commits the item of a scenario. A broken constraint is an answer too. */
async function endOf(
  scenario: (database: Database) => Promise<CommitItem>,
  without?: string,
): Promise<unknown> {
  const database = new Database()
  const item = await scenario(database)
  if (without !== undefined) {
    const [trigger] = database.storage.rows<{ sql: string }>(
      `select sql from sqlite_master where name = 'arrive'`,
    )
    const left = each.filter((condition) => condition !== without)
    database.storage.rows('drop trigger arrive')
    database.storage.rows(String(trigger?.sql).replace(whole, `WHERE\n${left.join('\nOR ')}\n;\n`))
  }
  return commit(database.db, [item]).catch((error: Error) => error.message)
}

describe('the commit', () => {
  it('has a scenario for each condition', () => {
    expect(each.map((one) => Object.keys(SCENARIOS).filter((named) => one.includes(named)))).toEqual(
      Object.keys(SCENARIOS).map((name) => [name]),
    )
  })

  it.each(Object.entries(SCENARIOS))(
    'writes nothing when it fails on %s, and that condition alone sees it',
    async (name, scenario) => {
      expect(await endOf(scenario)).toEqual([false])
      const condition = each.find((one) => one.includes(name))
      expect(await endOf(scenario, condition)).not.toEqual([false])
    },
  )

  it('finds every row of its conditions by an index', () => {
    const { storage } = new Database()
    for (const condition of each) {
      const [query = ''] = /SELECT 1[\s\S]*\)/.exec(condition) ?? []
      const sql = query
        .slice(0, -1)
        .replace(/new\.\w+/g, `'0'`)
        .replace(/\)$/, query.includes('NOT (') ? '' : ')')
      const balanced = sql.split('(').length === sql.split(')').length ? sql : sql.replace(/\)$/, '')
      const plan = storage
        .rows<{ detail: string }>(`explain query plan ${balanced}`)
        .map(({ detail }) => detail)
      expect(plan.filter((detail) => /^SCAN (?!need VIRTUAL|CONSTANT)/.test(detail))).toEqual([])
      expect(plan.some((detail) => detail.startsWith('SEARCH'))).toBe(true)
    }
  })
})
