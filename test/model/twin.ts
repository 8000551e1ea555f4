/**
 * @module A twin of the service: it gets the same messages, but keeps the row of every message at the acquirer. Each answer, each
 * record and each list must be the same, so no caller can know whether a row is there.
 */

import { type FoundRecord, findRecords, readForwarded } from '../../src/store/reconciliation-records.ts'
import type { Row } from '../simulation/platform/d1.ts'
import type { TestService } from '../support/test-service.ts'
import { count } from './books.ts'
import { inOrder, same } from './day.ts'
import { messageOf, type PreparedMessage } from './messages.ts'

const RECORDS = 'select * from acquirer_record'
const SETTLED = 'select message_key from settled_sale union all select message_key from settled_void'

/** A page is short, so that a list has many. */
const PAGE = 3

export class Twin {
  readonly #service: TestService
  readonly #twin: TestService
  readonly #tally: Map<string, number>
  readonly #settled = new Set<string>()

  constructor(service: TestService, twin: TestService, tally: Map<string, number>) {
    this.#service = service
    this.#twin = twin
    this.#tally = tally
    twin.rows('drop trigger settle')
  }

  /** Sends the same message. Throws unless outcome and records are the same. */
  async send(message: PreparedMessage, outcome: unknown): Promise<void> {
    this.#twin.now = this.#service.now
    same(await this.#twin.send(messageOf(message)), outcome, 'the outcome with a row')
    const [records, twins] = [this.#service, this.#twin].map((one) => inOrder(one.rows(RECORDS)))
    for (const [i, twin] of (twins ?? []).entries()) same(records?.[i], twin, 'a record')
    same(records?.length, twins?.length, 'the number of records')
    this.#countSettled()
  }

  /** The list of forwarded messages, and the record of each one under its numbers. */
  async compareReads(): Promise<void> {
    const [list, twins] = [await listOf(this.#service), await listOf(this.#twin)]
    same(list, twins, 'the list')
    same(list.length, this.#twin.rows(RECORDS).length, 'the length of the list')
    same(await recordsOf(this.#service), await recordsOf(this.#twin), 'our records')
  }

  close(): void {
    this.#twin.close()
  }

  #countSettled(): void {
    const rows = this.#service.rows('select message_key from acquirer_message')
    const inTable = new Set(rows.map(({ message_key }) => String(message_key)))
    for (const { message_key } of this.#service.rows(SETTLED)) {
      const key = String(message_key)
      if (inTable.has(key)) {
        if (this.#settled.delete(key)) count(this.#tally, 'a row comes back')
      } else if (!this.#settled.has(key)) {
        this.#settled.add(key)
        count(this.#tally, 'a row goes')
      }
    }
  }
}

async function listOf({ options, now }: TestService): Promise<unknown[]> {
  const all: unknown[] = []
  for (let after = { claimedAt: 0, rrn: '' } as { claimedAt: number; rrn: string } | null; after !== null; ) {
    const page = await readForwarded(options.db, '', now, after, PAGE)
    all.push(...page.messages)
    after = page.next
  }
  return all
}

async function recordsOf(service: TestService): Promise<readonly (FoundRecord | null)[]> {
  const references = service.rows(`${RECORDS} order by message_key`).map((row: Row) => ({
    kind: row.kind === 'sale' ? ('sale' as const) : ('void' as const),
    merchantId: String(row.merchant_id),
    terminalId: String(row.terminal_id),
    batchNumber: String(row.batch_number),
    acquirerStan: String(row.acquirer_stan),
    original:
      row.original_stan == null
        ? null
        : { batchNumber: String(row.original_batch_number), stan: String(row.original_stan) },
  }))
  return (await findRecords(service.options.db, '', service.now, references)).records
}
