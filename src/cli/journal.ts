/**
 * @module `annul journal verify`: checks each hash chain with its head and MAC, then every table against the entries.
 * `annul journal rebuild`: writes the tables that differ anew.
 */

import type { Keyring } from '../crypto/keyring.ts'
import { REGION_STREAM } from '../domain/decide-api-key.ts'
import { ArchiveFolder } from './lib/archive-folder.ts'
import { type AuditedTable, auditedColumns, auditKeys, auditTables } from './lib/audit-tables.ts'
import { type Database, databaseOf, executeFile, executeIn } from './lib/database.ts'
import type { Run } from './lib/declare.ts'
import { Failure } from './lib/failure.ts'
import { keyringFor } from './lib/open-keyring.ts'
import { readJournal, replay, type Verified } from './lib/read-journal.ts'
import { insertsOf, readTables } from './lib/read-tables.ts'
import type { Replica } from './lib/replica.ts'
import type { REBUILD_JOURNAL, VERIFY_JOURNAL } from './table/journal.ts'

/** The tables that follow from the journal, and the keys of terminals. */
async function audit(database: Database, replica: Replica, keyring: Keyring): Promise<AuditedTable[]> {
  const { rows, keys } = await readTables(database, auditedColumns(replica))
  const opens = async (wrapped: string, context: Parameters<Keyring['unwrap']>[1]): Promise<boolean> => {
    const key = await keyring.unwrap(wrapped, context).catch(() => null)
    key?.fill(0)
    return key !== null
  }
  return [...auditTables(replica, rows), ...(await auditKeys(keys, opens))]
}

export const verifyJournal: Run<typeof VERIFY_JOURNAL> = async (parsed, io) => {
  const database = databaseOf(parsed)
  const keyring = await keyringFor(database, io.env)
  const folder = parsed.archive === undefined ? undefined : new ArchiveFolder(parsed.archive)
  const journal = await readJournal(executeIn(database), keyring, { stream: parsed.tid, folder })
  const { verified } = journal
  for (const one of verified)
    io.stdout(parsed.json ? JSON.stringify({ ...one, sound: one.fault === null }) : sentence(one))
  if (verified.length === 0) io.stderr('journal verify: the database has no chain to verify')
  if (verified.some(({ fault }) => fault !== null)) return 1
  if (parsed.tid !== undefined) return verified.length === 0 ? 1 : 0
  const { replica, fault } = await replay(journal)
  if (fault !== null) {
    io.stdout(parsed.json ? JSON.stringify({ ...fault, sound: false }) : sentence(fault))
    return 1
  }
  const tables = await audit(database, replica, keyring)
  replica.close()
  for (const one of tables)
    io.stdout(parsed.json ? JSON.stringify({ ...one, sound: one.fault === null }) : tableSentence(one))
  return tables.some(({ fault }) => fault !== null) ? 1 : 0
}

export const rebuildJournal: Run<typeof REBUILD_JOURNAL> = async (parsed, io) => {
  const database = databaseOf(parsed)
  const keyring = await keyringFor(database, io.env)
  const folder = parsed.archive === undefined ? undefined : new ArchiveFolder(parsed.archive)
  const journal = await readJournal(executeIn(database), keyring, { folder })
  const bad = journal.verified.find(({ fault }) => fault !== null)
  if (bad !== undefined) throw new Failure(`nothing was written: ${sentence(bad)}`)
  const { replica, fault: ofArchive } = await replay(journal)
  if (ofArchive !== null) throw new Failure(`nothing was written: ${sentence(ofArchive)}`)
  const tables = (await audit(database, replica, keyring)).filter(({ fault }) => fault !== null)
  // The keys of terminals follow from nothing. They come from a backup, or from a new provisioning.
  const keys = tables.find(({ table }) => table === 'master_key' || table === 'key_set')
  const written = tables.filter((table) => table !== keys)
  if (written.length > 0) await executeFile(database, insertsOf(replica, written))
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
    : stream.replace(/^(merchant:|)/, (is) => (is === '' ? 'terminal ' : 'merchant '))

const reasonOf = ({ fault }: AuditedTable): string => (fault === null ? '' : `${fault.key}: ${fault.why}`)

const tableSentence = (one: AuditedTable): string =>
  one.fault === null
    ? `table ${one.table}: ${one.rows} rows, sound`
    : `table ${one.table}: bad: ${reasonOf(one)}`
