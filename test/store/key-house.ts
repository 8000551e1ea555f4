/** @module A service with terminals whose keys a test puts back in the database: their messages, their rows and the audit. */

import { replicaOf } from '../../src/cli/lib/audit-tables.ts'
import { auditTables } from '../../src/cli/lib/compare-tables.ts'
import { loadCore } from '../../src/cli/lib/core.ts'
import { splitMasterKey } from '../../src/cli/provision.ts'
import type { Core } from '../../src/core/instance.ts'
import type { JournalRow } from '../../src/store/journal.ts'
import { HEADS, type HeadRow } from '../../src/store/rebuild.ts'
import { newTerminalState, type WrappedKeys } from '../../src/terminal/state.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { VirtualTerminal } from '../../src/terminal/virtual-terminal.ts'
import { bytesOf } from '../integrate/node-ciphers.ts'
import { MERCHANT } from '../integrate/recorder.ts'
import { openService, type Service } from '../integrate/service.ts'
import type { Row } from '../simulation/platform/d1.ts'

export const A = '12345678'
export const B = '12345679'

/** A sign-on: the keys that the terminal got, and the row that the service wrote. */
export interface SignOn {
  readonly tmk: string
  readonly keys: WrappedKeys
  readonly row: Row
}

export interface Master {
  readonly row: Row
  readonly version: number
}

/** Terminals, `A` unless a call names another. Codes are field 39, or `none` without an answer. */
export class KeyHouse {
  readonly service: Service
  readonly #core: Core
  #trace = 0

  constructor(service: Service, core: Core) {
    this.service = service
    this.#core = core
  }

  #terminal(tmk: string, keys: WrappedKeys | null, terminalId: string): VirtualTerminal {
    const { service } = this
    this.#trace += 10
    const state = { ...newTerminalState(MERCHANT, terminalId, 'cup-ecb'), keys, nextStan: this.#trace }
    return new VirtualTerminal({
      core: this.#core,
      state,
      tmk: bytesOf(tmk),
      now: () => service.clock.now,
      settlementMac: true,
      tpdu: bytesOf('6000030000'),
      header: bytesOf('603100311312'),
      send: async (frame) => {
        service.clock.now += 5000
        return (await service.post(frame)).answer
      },
    })
  }

  async provision(tmk: string, terminalId = A): Promise<void> {
    const body = { tmk: splitMasterKey(this.#core, 'cup-ecb', bytesOf(tmk)) }
    const path = `/v1/merchants/${MERCHANT}/terminals/${terminalId}`
    const { status } = await this.service.json('PUT', path, body)
    if (status > 201) throw new Error(`provisioning: ${status}`)
  }

  async signOn(tmk: string, terminalId = A): Promise<SignOn> {
    const terminal = this.#terminal(tmk, null, terminalId)
    const { outcome } = await terminal.signOn()
    const { keys } = terminal.state
    if (outcome !== 'approved' || keys === null) throw new Error(`sign-on: ${outcome}`)
    return { tmk, keys, row: this.row('key_set', terminalId) }
  }

  async signOnCode(tmk: string): Promise<string> {
    const { responseCode = 'none', outcome } = await this.#terminal(tmk, null, A).signOn()
    return outcome === 'invalid' ? 'invalid' : responseCode
  }

  /** The code of a sale under the keys of a sign-on. */
  async sell({ tmk, keys }: SignOn, terminalId = A): Promise<string> {
    const sold = await this.#terminal(tmk, keys, terminalId).sale(1000, testCard(1))
    return sold.ok ? (sold.value.responseCode ?? 'none') : sold.error
  }

  /** The codes of a sale under each, and whether the journal moved. */
  async answers(sets: readonly SignOn[]) {
    const entries = () => JSON.stringify(this.service.storage.rows('select count(*) as n from journal'))
    const before = entries()
    const sales: string[] = []
    for (const set of sets) sales.push(await this.sell(set))
    return { sales, written: entries() !== before }
  }

  /** The newest row of a terminal. */
  row(table: string, terminalId = A): Row {
    const sql = `select * from ${table} where terminal_id = ? order by 2 desc`
    const [row] = this.service.storage.rows(sql, terminalId)
    if (row === undefined) throw new Error(`${table}: no row`)
    return { ...row }
  }

  master(terminalId = A): Master {
    const row = this.row('master_key', terminalId)
    return { row, version: Number(row.version) }
  }

  /** Writes a row past the service. */
  put(table: string, row: Row): void {
    const names = Object.keys(row)
    const marks = names.map(() => '?').join(', ')
    const sql = `insert or replace into ${table} (${names.join(', ')}) values (${marks})`
    this.service.storage.rows(sql, ...Object.values(row))
  }

  /** The faults of the tables, as `annul journal verify` finds them. */
  async faults(): Promise<Record<string, string>> {
    const { storage, keyring } = this.service
    const heads = storage.rows<HeadRow>(HEADS).map((head) => ({ ...head }))
    const journal = storage.rows<JournalRow>(
      `select terminal_id as terminalId, seq, hash, message_key as messageKey, rrn, body from journal order by rowid`,
    )
    const opens: Parameters<typeof auditTables>[3] = (wrapped, context) =>
      keyring.unwrap(wrapped, context).then(
        () => true,
        () => false,
      )
    const runSql = async (text: string) => text.split(';\n').map((one) => storage.rows(one))
    const replica = await replicaOf(journal, heads)
    const { tables } = await auditTables(runSql, replica, heads, opens, this.service.clock.now)
    replica.close()
    // Tests insert bearer keys without entries.
    const found = tables.filter(({ table, fault }) => fault !== null && table !== 'api_key')
    return Object.fromEntries(found.map(({ table, fault }) => [table, fault?.why ?? '']))
  }
}

export async function openKeyHouse(): Promise<KeyHouse> {
  const service = await openService()
  await service.json('PUT', `/v1/merchants/${MERCHANT}`, {})
  return new KeyHouse(service, await loadCore())
}
