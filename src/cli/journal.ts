/**
 * @module `annul journal verify`: checks each hash chain with its head and MAC, then every table against the entries.
 * `annul journal rebuild`: writes the tables that differ anew.
 */

import type { KeyContext, Keyring } from '../crypto/keyring.ts'
import { REGION_STREAM } from '../domain/decide-api-key.ts'
import { paddedTerminal, shownJson } from '../domain/terminal-number.ts'
import { isOwnBucket } from '../store/bucket-mac.ts'
import type { BucketRow } from '../store/databases.ts'
import type { HeadRow } from '../store/rebuild.ts'
import { ArchiveFolder } from './lib/archive-folder.ts'
import { auditBuckets, BUCKETS_SQL } from './lib/audit-buckets.ts'
import { auditSchema, SCHEMA_SQL } from './lib/audit-schema.ts'
import { type Audit, auditTables } from './lib/compare-tables.ts'
import { type Database, databaseOf, executeFile, executeIn, homeOf, query } from './lib/database.ts'
import type { Run } from './lib/declare.ts'
import { Failure } from './lib/failure.ts'
import { keyringFor } from './lib/open-keyring.ts'
import { readJournal, replay, type Verified } from './lib/read-journal.ts'
import type { Replica } from './lib/replica.ts'
import type { AuditedTable } from './lib/table-fault.ts'
import { insertsOf } from './lib/write-tables.ts'
import type { REBUILD_JOURNAL, VERIFY_JOURNAL } from './table/journal.ts'

/** The tables that follow from the journal, and the keys of terminals. */
async function audit(
  database: Database,
  replica: Replica,
  heads: readonly HeadRow[],
  keyring: Keyring,
): Promise<Audit> {
  const opens = async (wrapped: string, context: KeyContext): Promise<boolean> => {
    const key = await keyring.unwrap(wrapped, context).catch(() => null)
    key?.fill(0)
    return key !== null
  }
  const isOwn = (row: BucketRow): Promise<boolean> => isOwnBucket(keyring.verifyJournalMac, row)
  const found = await auditTables((sql) => query(database, sql), replica, heads, opens, Date.now())
  const [rows = []] = await query(homeOf(database), BUCKETS_SQL)
  const inDatabase = { ...found.buckets, name: database.name ?? 'DB_0' }
  const buckets = await auditBuckets(rows as unknown as BucketRow[], inDatabase, isOwn)
  const [schema = []] = await query(database, SCHEMA_SQL)
  return { ...found, tables: [...found.tables, buckets, auditSchema(schema, replica)] }
}

export const verifyJournal: Run<typeof VERIFY_JOURNAL> = async (parsed, io) => {
  const database = databaseOf(parsed)
  const keyring = await keyringFor(database, io.env)
  const folder = parsed.archive === undefined ? undefined : new ArchiveFolder(parsed.archive)
  const tid = parsed.tid === undefined ? undefined : paddedTerminal(parsed.tid)
  const journal = await readJournal(executeIn(database), keyring, { stream: tid, folder })
  const { verified } = journal
  for (const one of verified)
    io.stdout(parsed.json ? shownJson({ ...one, sound: one.fault === null }) : sentence(one))
  if (verified.length === 0) io.stderr('journal verify: the database has no chain to verify')
  if (verified.some(({ fault }) => fault !== null)) return 1
  if (parsed.tid !== undefined) return verified.length === 0 ? 1 : 0
  const { replica, fault } = await replay(journal)
  if (fault !== null) {
    io.stdout(parsed.json ? shownJson({ ...fault, sound: false }) : sentence(fault))
    return 1
  }
  const { tables, grown } = await audit(database, replica, journal.heads, keyring)
  replica.close()
  for (const one of tables)
    io.stdout(parsed.json ? JSON.stringify({ ...one, sound: one.fault === null }) : tableSentence(one))
  if (grown.size > 0)
    io.stderr(`journal verify: ${grown.size} chains grew meanwhile, so their rows were not compared`)
  return tables.some(({ fault }) => fault !== null) ? 1 : 0
}

/** The tables that the journal does not give. */
const NOT_REBUILT: readonly string[] = ['bucket', 'key_set', 'master_key', 'refusal_count', 'sqlite_schema']

export const rebuildJournal: Run<typeof REBUILD_JOURNAL> = async (parsed, io) => {
  const database = databaseOf(parsed)
  const keyring = await keyringFor(database, io.env)
  const folder = parsed.archive === undefined ? undefined : new ArchiveFolder(parsed.archive)
  const journal = await readJournal(executeIn(database), keyring, { folder })
  const bad = journal.verified.find(({ fault }) => fault !== null)
  if (bad !== undefined) throw new Failure(`nothing was written: ${sentence(bad)}`)
  const { replica, fault: ofArchive } = await replay(journal)
  if (ofArchive !== null) throw new Failure(`nothing was written: ${sentence(ofArchive)}`)
  const found = await audit(database, replica, journal.heads, keyring)
  if (found.grown.size > 0) throw new Failure('nothing was written: the service writes, stop it first')
  const tables = found.tables.filter(({ fault }) => fault !== null)
  // These follow from nothing. Keys of terminals come from a backup, or from a new provisioning.
  const keys = tables.find(({ table }) => NOT_REBUILT.includes(table))
  const written = tables.filter(({ table }) => !NOT_REBUILT.includes(table))
  if (written.length > 0) await executeFile(database, insertsOf(replica, written, journal.heads))
  replica.close()
  for (const one of written)
    io.stdout(parsed.json ? JSON.stringify(one) : `table ${one.table}: written anew (${reasonOf(one)})`)
  if (keys !== undefined) io.stderr(`journal rebuild: ${tableSentence(keys)}`)
  else if (written.length === 0) io.stderr('journal rebuild: every table is as the journal gives it')
  return keys === undefined ? 0 : 1
}

export const sentence = ({ terminalId, entries, archived, fault }: Verified): string =>
  fault === null
    ? `${nameOf(terminalId)}: ${entries} entries${archived === 0 ? '' : ` after ${archived} in the archive`}, the chain is sound`
    : `${nameOf(terminalId)}: entry ${fault.seq} is bad: ${fault.why}`

/** The streams of merchants and of the region are named as such. */
const nameOf = (stream: string): string =>
  stream === REGION_STREAM
    ? 'the keys of administrators'
    : stream.trimEnd().replace(/^(merchant:|)/, (is) => (is === '' ? 'terminal ' : 'merchant '))

const reasonOf = ({ fault }: AuditedTable): string => (fault === null ? '' : `${fault.key}: ${fault.why}`)

const tableSentence = (one: AuditedTable): string =>
  one.fault === null
    ? `table ${one.table}: ${one.rows} rows, sound`
    : `table ${one.table}: bad: ${reasonOf(one)}`
