/**
 * @module Measures whether a void costs more in a large database. Databases of different sizes stand side by side, and each gets one
 * sale and its void in turn. So other work on the machine slows all of them alike.
 */

import { keyOf, MID } from '../domain/fixtures.ts'
import { messageOf } from '../model/messages.ts'
import { World } from '../pipeline/chain-world.ts'
import type { TestService } from '../support/test-service.ts'

/** Sales of one terminal among those that fill a database. */
const PER_TERMINAL = 1_000

export interface FlatRow {
  readonly sales: number
  /** Bytes of the database. */
  readonly bytes: number
  /** Median of one void, in milliseconds. It is loaded: no isolate has served its terminal before. */
  readonly voidMs: number
  readonly saleMs: number
}

/** Numbers that are in no order, as random ones are, and all different: 11 digits of a permutation. */
const SCATTERED = 'i * 7368787 % 99999999977'

/** Adds sales of other terminals, with their entries. The text of an entry is that of a real one. */
function fill({ rows }: { rows: TestService['rows'] }, sales: number): void {
  const each = `with recursive each(i) as (select 0 union all select i + 1 from each limit ${sales})`
  const key = `printf('F%07d000001%06ds', i / ${PER_TERMINAL}, i % ${PER_TERMINAL} + 1)`
  rows(
    `insert into journal (terminal_id, seq, hash_raw, message_key, rrn_raw, body)
     ${each} select printf('F%07d', i / ${PER_TERMINAL}), i % ${PER_TERMINAL} + 1, randomblob(32), ${key}, 900000000000 + ${SCATTERED},
       (select body from journal where message_key like '%s' order by seq desc limit 1) from each`,
  )
  rows(
    `insert into sale (id_raw, message_key, merchant_id, amount, currency_code, card_first6_raw, card_last4_raw, card_fingerprint_raw,
       rrn_raw, authorization_code_raw, is_declined, sold_at)
     ${each} select randomblob(16), ${key}, printf('9%014d', i / ${PER_TERMINAL} / 100), 100, '156', 622500, 14, randomblob(16),
       900000000000 + ${SCATTERED}, 123456, 0, 1780000000000 + i from each`,
  )
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

async function open(sales: number) {
  const world = await new World('in this isolate').open()
  fill({ rows: (sql, ...params) => world.service.rows(sql, ...params) }, sales)
  const times = { sale: [] as number[], void: [] as number[] }
  return {
    sales,
    times,
    bytes: () =>
      world.service.rows<{ bytes: number }>(
        'select page_count * page_size as bytes from pragma_page_count, pragma_page_size',
      )[0]?.bytes ?? 0,
    async round(number: number): Promise<void> {
      const stan = 1_000 + 2 * number
      const timed = async (kind: 'sale' | 'void', prepared: ReturnType<World['prepare']>) => {
        // A message with the settings of its merchant is loaded.
        const message = messageOf({ ...prepared, load: { merchantId: MID, ...prepared.load } })
        const since = performance.now()
        const outcome = await world.service.send(message)
        times[kind].push(performance.now() - since)
        if (outcome.kind !== 'answered' || outcome.answer.reason !== null)
          throw new Error(`${kind}: not approved`)
      }
      await timed('sale', world.prepare({ kind: 'sale', stan, batch: 'open', amount: 100, currency: '156' }))
      const [sold] = world.service.rows<{ key: string; id: string; rrn: string }>(
        'select message_key as key, id, rrn from sale where message_key = ?',
        keyOf(String(stan).padStart(6, '0'), 'sale'),
      )
      if (sold === undefined) throw new Error('the sale is not there')
      world.sales = [{ ...sold, kind: 'sale', amount: 100, isAnswered: true }]
      await timed(
        'void',
        world.prepare({
          kind: 'void',
          batch: 'open',
          ago: 0,
          off: 0,
          card: 'right',
          stan: stan + 1,
          by: 'both',
        }),
      )
    },
    close: () => world.service.close(),
  }
}

/** `sizes`: the numbers of sales in the databases. All of them are in memory, at about 600 bytes a sale. */
export async function measureFlat(sizes: readonly number[], rounds: number): Promise<FlatRow[]> {
  const databases = await Promise.all(sizes.map(open))
  for (let round = 0; round < rounds; round++) for (const one of databases) await one.round(round)
  return databases.map(({ sales, times, bytes, close }) => {
    const row = { sales, bytes: bytes(), voidMs: median(times.void), saleMs: median(times.sale) }
    close()
    return row
  })
}
