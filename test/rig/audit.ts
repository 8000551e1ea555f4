/**
 * @module A database file as a process left it: sound, every chain unbroken, every projection equal to what
 * the journal gives.
 */

import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { d1Over } from '../../src/cli/lib/replica.ts'
import { openDb } from '../../src/store/db.ts'
import { type JournalRow, verifyChain } from '../../src/store/journal.ts'
import { HEADS, type HeadRow, macsOf, PROJECTIONS, rebuild } from '../../src/store/rebuild.ts'
import { DELETE_INSERTED_KEYS } from '../support/api-key-row.ts'
import type { Row } from './control.ts'

export interface Audit {
  /** All faults. */
  readonly faults: string[]
  /** The hash of every entry. A hash covers all earlier entries of its chain. */
  readonly hashes: ReadonlySet<string>
}

/** Columns of the outbox: the number of tries and the next one, and the times that a rig moves. */
const NOT_PROJECTED = {
  ...{ attempts: 0, next_at: 0, claimed_at: 0, decide_by: 0 },
  ...{ last_declared: 0, is_declared_signed: 0 },
}

/** A settled message keeps its row if the rig has moved its times. With the times of the journal the row goes. */
const SETTLE_MOVED = `update acquirer_message set claimed_at = settled.claimed_at, decide_by = settled.decide_by
  from (select message_key, claimed_at, decide_by from settled_sale union all
    select message_key, claimed_at, decide_by from settled_void) as settled
  where settled.message_key = acquirer_message.message_key`

/** Checks a copy of the files of a rig that does not run, or is stopped. */
export async function audit(dir: string): Promise<Audit> {
  const copy = mkdtempSync(join(tmpdir(), 'annul-audit-'))
  try {
    cpSync(join(dir, 'data/annul'), copy, { recursive: true })
    return await auditFiles(copy)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

async function auditFiles(dir: string): Promise<Audit> {
  const found = (...faults: string[]): Audit => ({ faults, hashes: new Set() })
  const name = readdirSync(dir).find((file) => /^[0-9a-f]{64}\.sqlite$/.test(file))
  if (name === undefined) return found('no database')
  const sqlite = new DatabaseSync(join(dir, name))
  try {
    const rows = (sql: string, ...params: string[]) => sqlite.prepare(sql).all(...params) as Row[]
    const [integrity] = rows('pragma integrity_check')
    if (integrity?.integrity_check !== 'ok') return found(`integrity: ${integrity?.integrity_check}`)
    const hashes = new Set(rows('select hash from journal').map(({ hash }) => String(hash)))
    return { faults: [...(await faultsOfChains(rows)), ...(await faultsOfProjections(sqlite, rows))], hashes }
  } catch (error) {
    return found((error as Error).message)
  } finally {
    sqlite.close()
  }
}

type Rows = (sql: string, ...params: string[]) => Row[]

const COLUMNS = 'terminal_id as terminalId, seq, hash, message_key as messageKey, rrn, body'

const asJournal = (rows: readonly Row[]): JournalRow[] => rows as unknown as JournalRow[]

async function faultsOfChains(rows: Rows): Promise<string[]> {
  const faults: string[] = []
  for (const { id, seq, hash } of rows(
    `select terminal_id as id, head_seq as seq, head_hash as hash from terminal
     union all select 'merchant:' || merchant_id, head_seq, head_hash from merchant
     union all select 'region', head_seq, head_hash from region`,
  )) {
    const journal = rows(`select ${COLUMNS} from journal where terminal_id = ? order by seq`, String(id))
    const fault = await verifyChain(asJournal(journal), { seq: Number(seq), hash: String(hash) })
    if (fault !== null) faults.push(`chain of ${id}: entry ${fault.seq} ${fault.why}`)
  }
  return faults
}

/** Empties the projections, replays the journal into them, and compares. */
async function faultsOfProjections(sqlite: DatabaseSync, rows: Rows): Promise<string[]> {
  const dump = () =>
    new Map(
      PROJECTIONS.map((table) => [
        table,
        rows(`select * from ${table}`)
          .map((row) => JSON.stringify({ ...row, ...NOT_PROJECTED }))
          .sort(),
      ]),
    )
  sqlite.exec('begin')
  sqlite.exec(DELETE_INSERTED_KEYS)
  sqlite.exec(SETTLE_MOVED)
  const live = dump()
  const db = openDb(d1Over(sqlite))
  const macs = macsOf(rows(HEADS) as unknown as HeadRow[])
  await rebuild(db, asJournal(rows(`select ${COLUMNS} from journal order by rowid`)), macs)
  const rebuilt = dump()
  return PROJECTIONS.flatMap((table) => {
    const is = new Set(live.get(table))
    const should = new Set(rebuilt.get(table))
    const extra = [...is].find((row) => !should.has(row))
    const missing = [...should].find((row) => !is.has(row))
    return extra === undefined && missing === undefined
      ? []
      : [`${table}: the journal gives not ${extra ?? 'nothing'} but ${missing ?? 'nothing'}`]
  })
}
