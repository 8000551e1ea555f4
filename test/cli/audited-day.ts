/** @module A day of a service with its replica, and the audit of its tables before and after they are tampered with. */

import { replicaOf } from '../../src/cli/lib/audit-tables.ts'
import { type Audit, auditTables } from '../../src/cli/lib/compare-tables.ts'
import { loadCore } from '../../src/cli/lib/core.ts'
import type { Replica } from '../../src/cli/lib/replica.ts'
import { createSimulator } from '../../src/simulator/app.ts'
import type { JournalRow } from '../../src/store/journal.ts'
import { HEADS, type HeadRow } from '../../src/store/rebuild.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { EXAMPLE_TMK } from '../integrate/mac-examples.ts'
import { RecordedTerminal, Recorder } from '../integrate/recorder.ts'
import { openService, type Service, START } from '../integrate/service.ts'
import { DELETE_INSERTED_KEYS } from '../support/api-key-row.ts'

const MAC_KEY = '0123456789ABCDEF'

/** The tables with wrapped keys. A change of a terminal's row may show there too. */
const OF_KEYS: readonly string[] = ['key_set', 'master_key']

export type Faults = Readonly<Record<string, string>>

export class AuditedDay {
  readonly service: Service
  readonly journal: readonly JournalRow[]
  readonly heads: readonly HeadRow[]
  readonly replica: Replica

  constructor(service: Service, journal: readonly JournalRow[], heads: readonly HeadRow[], replica: Replica) {
    this.service = service
    this.journal = journal
    this.heads = heads
    this.replica = replica
  }

  /** Whether a wrapped key opens in its place. */
  readonly opens: Parameters<typeof auditTables>[3] = (wrapped, context) =>
    this.service.keyring.unwrap(wrapped, context).then(
      () => true,
      () => false,
    )

  /** The audit in pages of this size. `before` runs before each call, with its number from 0. */
  audit(size = 3, before: (call: number) => void = () => {}): Promise<Audit> {
    const { storage } = this.service
    const now = storage.rows<HeadRow>(HEADS)
    let calls = 0
    const runSql = async (text: string) => {
      before(calls++)
      return text.split(';\n').map((one) => storage.rows(one))
    }
    return auditTables(runSql, this.replica, now, this.opens, this.service.clock.now, size)
  }

  /** The faults of the tables as they are now: those of keys, or all others. */
  async faults(size = 3, ofKeys = false): Promise<Faults> {
    const { tables, grown } = await this.audit(size)
    if (grown.size > 0) throw new Error('nobody writes')
    return Object.fromEntries(
      tables.flatMap(({ table, fault }) =>
        fault === null || OF_KEYS.includes(table) !== ofKeys ? [] : [[table, fault.why]],
      ),
    )
  }

  /** Does something, looks, and takes it back. */
  async tampered(sql: string, ofKeys = false): Promise<Faults> {
    return this.takenBack(() => {
      this.service.storage.rows(sql)
      return this.faults(3, ofKeys)
    })
  }

  /** Takes back what was written meanwhile. */
  async takenBack<T>(act: () => Promise<T>): Promise<T> {
    const { storage } = this.service
    storage.rows('savepoint tampering')
    try {
      return await act()
    } finally {
      storage.rows('rollback to tampering')
      storage.rows('release tampering')
    }
  }

  /** SQL: the change of each stored column of a table in the rows of a condition. */
  changesOf(table: string, where: string): (readonly [column: string, sql: string])[] {
    return this.replica.storedColumns(table).map((column) => {
      const [row] = this.service.storage.rows<{ type: string }>(
        `select typeof(${column}) as type from ${table} where ${where}`,
      )
      const value =
        { integer: `${column} + 1`, blob: `randomblob(length(${column}))`, null: '1' }[row?.type ?? ''] ??
        `'x' || ${column}`
      return [column, `update ${table} set ${column} = ${value} where ${where}`]
    })
  }

  close(): void {
    this.replica.close()
    this.service.close()
  }
}

/** A day with forwarded sales, voids, reversals and refusals, a reversal without its target, and settlements, one with a difference. */
export async function openAuditedDay(): Promise<AuditedDay> {
  const core = await loadCore()
  const simulator = createSimulator({
    core,
    macProfile: 'cup-ecb',
    macKey: Uint8Array.from(Buffer.from(MAC_KEY, 'hex')),
    now: () => START,
    sleep: async () => {},
  })
  const service = await openService({
    ACQUIRER: 'https',
    ACQUIRER_MAC_KEY: MAC_KEY,
    // Before the acquirer's own end of the day, so the dates of its answers have rows.
    ACQUIRER_CUTOFF: '10:00',
    ACQUIRER_SERVICE: { fetch: (url, init) => simulator(new Request(url, init)) },
  })
  const recorder = new Recorder(service, core, { isNamed: false })
  for (const terminalId of ['12345678', '12345679']) {
    const pos = new RecordedTerminal(recorder, { terminalId, tmk: EXAMPLE_TMK, macProfile: 'cup-ecb' })
    await pos.provision()
    await pos.terminal.signOn()
    const stans: string[] = []
    for (let i = 0; i < 4; i++) {
      const sold = await pos.terminal.sale(1000 + 100 * i, testCard(i))
      if (!sold.ok) throw new Error(sold.error)
      stans.push(sold.value.sent.fields.get(11) ?? '')
    }
    await pos.terminal.voidSale(stans[0] ?? '')
    const voided = await pos.terminal.voidSale(stans[1] ?? '')
    if (!voided.ok) throw new Error(voided.error)
    await pos.terminal.reverse(voided.value.sent.fields.get(11))
    // Refused: the sale is voided by JSON already.
    const [sold] = service.storage.rows<{ id: string }>(
      'select id from sale where terminal_id = ? and stan = ?',
      terminalId,
      stans[2] ?? '',
    )
    const act = { 'idempotency-key': terminalId }
    await service.json('POST', '/v1/voids', { saleId: sold?.id, amount: 1200 }, act)
    await pos.terminal.voidSale(stans[2] ?? '')
    // The terminal does not know this sale, so its totals differ.
    const captured = { merchantId: '123456789012345', terminalId, batchNumber: '000001', stan: '000777' }
    if (terminalId === '12345679') await service.json('POST', '/v1/sales', { ...captured, amount: 900 })
    await pos.terminal.settle()
    await pos.terminal.sale(1500, testCard(9))
  }
  const keys: string[] = []
  for (const merchantId of ['123456789012345', undefined])
    for (const name of ['first', 'second']) {
      const act = { 'idempotency-key': `${name}-${merchantId}` }
      const made = await service.json('POST', '/v1/keys', { merchantId, name }, act)
      if (made.status !== 201) throw new Error(`key: ${made.status}`)
      keys.push(String(made.body.key))
    }
  // Refused by the amount, with a merchant's key and an administrator's.
  const [sale] = service.storage.rows<{ id: string }>('select id from sale limit 1')
  for (const [i, key] of [keys[0], keys[2], keys[2]].entries()) {
    const sent = { authorization: `Bearer ${key}`, 'idempotency-key': `refused-${i}` }
    const refused = await service.json('POST', '/v1/voids', { saleId: sale?.id, amount: 1 }, sent)
    if (refused.status !== 422 && refused.status !== 409) throw new Error(`void: ${refused.status}`)
  }
  service.storage.rows(DELETE_INSERTED_KEYS)
  const journal = service.storage.rows<JournalRow>(
    `select terminal_id as terminalId, seq, hash, message_key as messageKey, rrn, body from journal order by rowid`,
  )
  const heads = service.storage.rows<HeadRow>(HEADS).map((head) => ({ ...head }))
  return new AuditedDay(service, journal, heads, await replicaOf(journal, heads))
}
