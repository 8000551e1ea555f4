/**
 * @module Checks the keys of terminals. They do not follow from the journal, but it names those in use by their versions. They must be
 * there, and they must open in their place.
 */

import type { KeyContext } from '../../crypto/keyring.ts'
import type { PagedTable } from './read-pages.ts'
import { type AuditedTable, firstOf, type TableFault } from './table-fault.ts'

/** The tables with wrapped keys. */
export const KEY_TABLES: readonly PagedTable[] = [
  {
    table: 'master_key',
    columns: ['terminal_id as terminalId', 'version', 'wrapped'],
    keys: ['terminal_id'],
  },
  {
    table: 'key_set',
    columns: [
      'terminal_id as terminalId',
      'version',
      'tmk_version as tmkVersion',
      'layout',
      'created_at as createdAt',
      'mak',
      'tpk',
      'tdk',
    ],
    keys: ['terminal_id', 'version'],
  },
]

/** The wrapped keys of terminals, as rows. */
export interface KeysOfTerminals {
  readonly terminals: readonly {
    readonly terminalId: string
    readonly merchantId: string
    readonly keyVersion: number | null
    readonly tmkVersion: number
  }[]
  readonly masterKeys: readonly {
    readonly terminalId: string
    readonly version: number
    readonly wrapped: string
  }[]
  readonly keySets: readonly {
    readonly terminalId: string
    readonly version: number
    readonly tmkVersion: number
    readonly layout: string
    readonly createdAt: number
    readonly mak: string
    readonly tpk: string
    readonly tdk: string | null
  }[]
}

/** Whether a wrapped key opens in its context. */
export type Opens = (wrapped: string, context: KeyContext) => Promise<boolean>

/**
 * Every key opens in its place. Every terminal has the master key that the journal names, and the key set in use. No other set is there but
 * pending ones: a key set that the journal ended has no row. `grown`: terminals whose journals grew
 * while the tables were read. Their rows are not checked, because they may be of different moments.
 */
export async function auditKeys(
  keys: KeysOfTerminals,
  opens: Opens,
  grown: ReadonlySet<string> = new Set(),
): Promise<AuditedTable[]> {
  const owners = new Map(keys.terminals.map((terminal) => [terminal.terminalId, terminal]))
  const contextOf = (terminalId: string) => ({
    merchantId: owners.get(terminalId)?.merchantId ?? '',
    terminalId,
  })
  const isRead = ({ terminalId }: { readonly terminalId: string }): boolean => !grown.has(terminalId)
  const terminals = keys.terminals.filter(isRead)
  const masterKeys = keys.masterKeys.filter(isRead)
  const keySets = keys.keySets.filter(isRead)

  const faults: TableFault[] = []
  for (const { terminalId, version, wrapped } of masterKeys)
    if (!(await opens(wrapped, { ...contextOf(terminalId), usage: 'tmk', version })))
      faults.push({ key: terminalId, why: 'the master key does not open in this place' })
    else if (version !== owners.get(terminalId)?.tmkVersion)
      faults.push({ key: terminalId, why: 'the journal names another master key' })
  const withMaster = new Set(masterKeys.map(({ terminalId }) => terminalId))
  for (const { terminalId } of terminals)
    if (!withMaster.has(terminalId)) faults.push({ key: terminalId, why: 'this row is missing' })

  const ofSets: TableFault[] = []
  for (const { terminalId, version, tmkVersion, layout, createdAt, mak, tpk, tdk } of keySets) {
    const parts = [
      ['mak', mak],
      ['tpk', tpk],
      ['tdk', tdk],
    ] as const
    const key = `${terminalId} ${version}`
    const set = { ...contextOf(terminalId), version, tmkVersion, layout, createdAt }
    for (const [usage, wrapped] of parts)
      if (wrapped !== null && !(await opens(wrapped, { ...set, usage })))
        ofSets.push({ key, why: `${usage} does not open in this place` })
    const owner = owners.get(terminalId)
    if (owner?.tmkVersion !== tmkVersion || version < (owner.keyVersion ?? version))
      ofSets.push({ key, why: 'the journal ended this key set' })
  }
  const sets = new Set(keySets.map(({ terminalId, version }) => `${terminalId} ${version}`))
  for (const { terminalId, keyVersion } of terminals)
    if (keyVersion !== null && !sets.has(`${terminalId} ${keyVersion}`))
      ofSets.push({ key: `${terminalId} ${keyVersion}`, why: 'this row is missing' })
  return [
    { table: 'master_key', rows: keys.masterKeys.length, fault: firstOf(faults) },
    { table: 'key_set', rows: keys.keySets.length, fault: firstOf(ofSets) },
  ]
}
