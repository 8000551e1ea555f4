/** @module The list of the days of the acquirer, and the end of a day's case. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DAY, DayRegion, dateAt, script } from './day-region.ts'
import { ADMINISTRATOR, AT_HOME, MERCHANTS, MOVED } from './region.ts'

const NOTE = 'the second sale is in the next day'

let region: DayRegion
beforeEach(async () => {
  region = new DayRegion()
  await region.begin()
  await region.sale(AT_HOME, 400)
  await region.sale(MOVED, 200)
  region.simulator.follow(script({ on: 'settlement', totals: 'other' }))
  await region.runAt(6)
  await region.runAt(6 + 24 * 60)
})
afterEach(() => region.close())

const list = (query = '', key: string = ADMINISTRATOR) => region.json(key, 'GET', `/v1/acquirer-days${query}`)
const close = (day: string, body: object = { note: NOTE }, key: string = ADMINISTRATOR) =>
  region.json(key, 'POST', `/v1/acquirer-days/${day}/close`, body)
const second = () => dateAt(region.end + DAY)

interface Item {
  readonly day: string
  readonly case: object | null
}
const itemsOf = ({ body }: { readonly body: Readonly<Record<string, unknown>> }) => body.items as Item[]

const totals = (debitAmount: number, debitCount: number) => ({
  debitAmount,
  debitCount,
  creditAmount: 0,
  creditCount: 0,
})

describe('the days of the acquirer', () => {
  it('are listed with both totals and the case of a difference', async () => {
    const { status, body } = await list()
    expect([status, body]).toMatchObject([
      200,
      {
        items: [
          {
            day: region.first,
            currency: '156',
            own: totals(600, 2),
            acquirer: totals(601, 2),
            acquirerForeign: totals(0, 0),
            undecided: 0,
            attempts: 1,
            result: 'different',
            case: { state: 'open', closedAt: null, closedBy: null, note: null },
          },
          { day: second(), own: totals(0, 0), acquirer: totals(0, 0), result: 'equal', case: null },
        ],
        next: null,
        certainty: 'FINAL',
      },
    ])
  })

  it('are listed in pages, and by the state of their cases', async () => {
    const first = await list('?limit=1')
    expect([itemsOf(first).map(({ day }) => day), first.body.next]).toEqual([
      [region.first],
      `${region.first}-156`,
    ])
    const next = await list(`?limit=1&cursor=${first.body.next}`)
    expect([itemsOf(next).map(({ day }) => day), next.body.next]).toEqual([[second()], null])
    expect(itemsOf(await list('?state=open'))).toHaveLength(1)
    expect(itemsOf(await list('?state=closed'))).toEqual([])
    await close(region.first)
    expect(itemsOf(await list('?state=open'))).toEqual([])
    expect(itemsOf(await list('?state=closed'))).toHaveLength(1)
  })

  it('have a case that one note closes, in any number of requests', async () => {
    const answers = [await close(region.first), await close(region.first)]
    for (const { status, body } of answers)
      expect([status, body]).toMatchObject([
        200,
        { day: region.first, case: { state: 'closed', closedBy: 'test', note: NOTE } },
      ])
    expect(answers[0]?.body.case).toEqual(answers[1]?.body.case)
    const other = await close(region.first, { note: 'another note' })
    expect([other.status, other.body.reason]).toEqual([409, 'case_closed'])
    expect(itemsOf(await list())[0]?.case).toMatchObject({ note: NOTE })
  })

  it('have no case to close when they are equal, unknown, or of another currency', async () => {
    expect((await close(second())).status).toBe(404)
    expect((await close('2026-01-01')).status).toBe(404)
    expect((await close(region.first, { note: NOTE, currency: '344' })).status).toBe(404)
    expect(itemsOf(await list('?state=open'))).toHaveLength(1)
  })

  it('are for administrators only', async () => {
    for (const merchantId of [AT_HOME, MOVED] as const) {
      const { key } = MERCHANTS[merchantId]
      expect([(await list('', key)).status, (await close(region.first, { note: NOTE }, key)).status]).toEqual(
        [403, 403],
      )
    }
    expect([
      (await list('', 'annul_unknown')).status,
      (await close(region.first, {}, ADMINISTRATOR)).status,
    ]).toEqual([401, 400])
    expect((await close(region.first, { note: 'card 6225000000000014' })).status).toBe(400)
    expect(itemsOf(await list('?state=open'))).toHaveLength(1)
  })
})
