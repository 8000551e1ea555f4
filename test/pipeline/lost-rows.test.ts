/**
 * @module A reversal of a message whose rows are lost has the effect that it has with them, or none. So both sides agree, and the
 * totals too.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { sandbox } from '../../src/acquirer/sandbox.ts'
import { scriptedAcquirer } from '../worker/scripted-acquirer.ts'
import { OneSale, SALE_KEY } from './one-sale.ts'

const TABLES = ['sale', 'void', 'acquirer_message'] as const
type Table = (typeof TABLES)[number]

const SETS = Array.from({ length: 2 ** TABLES.length - 1 }, (_, n) =>
  TABLES.filter((_, i) => (n + 1) & (1 << i)),
)

/** The state of the sale and its void before the rows are lost. */
const STATES = [
  'local',
  'local, voided',
  'pending',
  'approved',
  'void pending',
  'void approved',
  'void declined',
  'void reversing',
] as const
type State = (typeof STATES)[number]

async function reach(state: State): Promise<OneSale> {
  const world = await OneSale.open(state.startsWith('local') ? sandbox : scriptedAcquirer().port)
  const settle = async (event: 'acquirer_approved' | 'acquirer_declined', key = world.voids[0] ?? '') =>
    world.settle(event, key)
  await world.sell()
  if (state === 'local, voided') await world.voidIt(2)
  if (state.startsWith('local') || state === 'pending') return world
  await settle('acquirer_approved', SALE_KEY)
  if (state === 'approved') return world
  await world.voidIt(2)
  if (state !== 'void pending')
    await settle(state === 'void declined' ? 'acquirer_declined' : 'acquirer_approved')
  if (state === 'void reversing') await world.reverse('void')
  return world
}

/** All rows that a reversal may change, without what depends on the order of their entries. */
const effectOf = ({ service }: OneSale) => ({
  batch: service.rows('select debit_amount, debit_count, credit_amount, credit_count from batch'),
  reversals: service.rows('select target_key, kind from reversal order by target_key'),
  messages: service.rows(
    'select message_key, kind, acquirer_stan, state, next_at from acquirer_message order by message_key',
  ),
  voids: service.rows('select message_key, state from void'),
  entries: service.rows('select count(*) as n from journal'),
})

/** Takes the rows of a table away. The function puts them back, unless the service has written them again. */
function lose({ service }: OneSale, table: Table): () => void {
  const columns = service.rows<{ name: string }>(`select name from pragma_table_info('${table}')`)
  const names = columns.map(({ name }) => name).join(', ')
  service.rows(`create table kept_${table} as select ${names} from ${table}`)
  service.rows(`delete from ${table}`)
  return () =>
    void service.rows(`insert or ignore into ${table} (${names}) select ${names} from kept_${table}`)
}

/** The answer to a reversal with all rows, and its effect. Null: there is no such message to reverse. */
async function wholeReversal(state: State, of: 'sale' | 'void') {
  const world = await reach(state)
  if (of === 'void' && world.voids.length === 0) return null
  const answer = await world.reverse(of)
  const effect = effectOf(world)
  world.service.close()
  return { of, answer, effect }
}

describe.each(STATES)('the sale is %s', (state) => {
  let wholes: NonNullable<Awaited<ReturnType<typeof wholeReversal>>>[]
  beforeAll(async () => {
    const each = await Promise.all([wholeReversal(state, 'sale'), wholeReversal(state, 'void')])
    wholes = each.filter((one) => one !== null)
  })

  it.each(SETS.map((tables) => [tables.join(', '), tables] as const))('%s is lost', async (_, tables) => {
    for (const { of, answer, effect } of wholes) {
      const world = await reach(state)
      const putBack = tables.map((table) => lose(world, table))
      const before = effectOf(world)
      const result = await world.reverse(of)
      if (result === 'unavailable') {
        expect(effectOf(world)).toEqual(before)
        expect(world.service.logged.at(-1)).toMatchObject({ event: 'alert', detail: { why: 'row_lost' } })
        for (const back of putBack) back()
        expect(await world.reverse(of)).toBe(answer)
      } else {
        expect(result).toBe(answer)
        for (const back of putBack) back()
      }
      expect(effectOf(world)).toEqual(effect)
      world.service.close()
    }
  })
})
