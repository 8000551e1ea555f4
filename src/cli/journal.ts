/**
 * @module `annul journal verify`: checks each hash chain with its head and MAC, then every table against the entries.
 * `annul journal rebuild`: writes the tables that differ anew.
 */

import type { KeyContext, Keyring } from '../crypto/keyring.ts'
import { REGION_STREAM } from '../domain/decide-api-key.ts'
import type { ChainFault } from '../store/journal.ts'
import type { HeadRow } from '../store/rebuild.ts'
import { type AuditedTable, replicaOf } from './lib/audit-tables.ts'
import { type Audit, auditTables } from './lib/compare-tables.ts'
import { type Database, databaseOf, executeFile, query } from './lib/database.ts'
import type { Run } from './lib/declare.ts'
import { Failure } from './lib/failure.ts'
import { keyringFor } from './lib/open-keyring.ts'
import { type NumberedRow, readChains } from './lib/read-chains.ts'
import type { Replica } from './lib/replica.ts'
import { faultOfChain } from './lib/verify-chain.ts'
import { insertsOf } from './lib/write-tables.ts'
import type { REBUILD_JOURNAL, VERIFY_JOURNAL } from './table/journal.ts'

interface Verified {
  readonly terminalId: string
  readonly entries: number
  readonly fault: ChainFault | null
}

/** A journal whose chains were checked. */
interface Journal {
  readonly verified: readonly Verified[]
  /** In the order of the commits. */
  readonly rows: readonly NumberedRow[]
  readonly heads: readonly HeadRow[]
}

/** Reads all chains or one, and checks each. */
export async function readJournal(database: Database, keyring: Keyring, stream?: string): Promise<Journal> {
  const verified: Verified[] = []
  const rows: NumberedRow[] = []
  const heads: HeadRow[] = []
  for await (const chain of readChains((sql) => query(database, sql), stream)) {
    const fault = await faultOfChain(chain, keyring)
    verified.push({ terminalId: chain.stream, entries: chain.rows.length, fault })
    rows.push(...chain.rows)
    if (chain.head !== null) heads.push(chain.head)
  }
  return { verified, rows: rows.toSorted((a, b) => a.number - b.number), heads }
}

/** The tables that follow from the journal, and the keys of terminals. */
function audit(
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
  return auditTables((sql) => query(database, sql), replica, heads, opens)
}

export const verifyJournal: Run<typeof VERIFY_JOURNAL> = async (parsed, io) => {
  const database = databaseOf(parsed)
  const keyring = await keyringFor(database, io.env)
  const { verified, rows, heads } = await readJournal(database, keyring, parsed.tid)
  for (const one of verified)
    io.stdout(parsed.json ? JSON.stringify({ ...one, sound: one.fault === null }) : sentence(one))
  if (verified.length === 0) io.stderr('journal verify: the database has no chain to verify')
  if (verified.some(({ fault }) => fault !== null)) return 1
  if (parsed.tid !== undefined) return verified.length === 0 ? 1 : 0
  const replica = await replicaOf(rows, heads)
  const { tables, grown } = await audit(database, replica, heads, keyring)
  replica.close()
  for (const one of tables)
    io.stdout(parsed.json ? JSON.stringify({ ...one, sound: one.fault === null }) : tableSentence(one))
  if (grown.size > 0)
    io.stderr(`journal verify: ${grown.size} chains grew meanwhile, so their rows were not compared`)
  return tables.some(({ fault }) => fault !== null) ? 1 : 0
}

export const rebuildJournal: Run<typeof REBUILD_JOURNAL> = async (parsed, io) => {
  const database = databaseOf(parsed)
  const keyring = await keyringFor(database, io.env)
  const { verified, rows, heads } = await readJournal(database, keyring)
  const bad = verified.find(({ fault }) => fault !== null)
  if (bad !== undefined) throw new Failure(`nothing was written: ${sentence(bad)}`)
  const replica = await replicaOf(rows, heads)
  const found = await audit(database, replica, heads, keyring)
  if (found.grown.size > 0) throw new Failure('nothing was written: the service writes, stop it first')
  const tables = found.tables.filter(({ fault }) => fault !== null)
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

export const sentence = ({ terminalId, entries, fault }: Verified): string =>
  fault === null
    ? `${nameOf(terminalId)}: ${entries} entries, the chain is sound`
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
