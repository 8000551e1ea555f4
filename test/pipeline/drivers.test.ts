/** @module The choice of the request that drives a set, by the budgets of those that wait. The errors of a limit, and its setting. */

import { describe, expect, it } from 'vitest'
import { createGroupCommit } from '../../src/pipeline/group-commit.ts'
import { createBudget, isLimit, readQueryLimit, SET_QUERIES } from '../../src/store/budget.ts'

async function immediates(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

describe('a driver', () => {
  /** Budgets of the requests: `full` suffices for a set, `low` does not, and D1 has refused a query of `ended`. */
  const budgetOf = (kind: 'full' | 'low' | 'ended') => {
    const budget = createBudget(50)
    if (kind === 'low') budget.spend(budget.left())
    if (kind === 'ended') budget.end()
    return budget
  }

  /** Messages that wait behind a set, each with the kind of its budget. Returns the drivers of the sets, and the outcomes. */
  async function drive(kinds: readonly ('full' | 'low' | 'ended')[], setSize = 100) {
    const drivers: string[] = []
    const sets: string[][] = []
    const names = new Map<unknown, string>()
    const group = createGroupCommit<string, string>({
      run: async (set, budget) => {
        drivers.push(names.get(budget) ?? 'none')
        sets.push(set.map(({ message }) => message))
        await immediates(2)
        for (const work of set) work.settle('done')
        return { lost: [], deferred: [] }
      },
      unknown: 'unknown',
      stranded: () => 'stranded',
      setSize,
    })
    const submit = (name: string, kind: 'full' | 'low' | 'ended') => {
      const budget = budgetOf(kind)
      names.set(budget, name)
      return group.submit(name, () => {}, budget)
    }
    const all = [submit('first', 'full'), ...kinds.map((kind, i) => submit(`${kind} ${i}`, kind))]
    const [, ...outcomes] = await Promise.all(all)
    return { drivers: drivers.slice(1), sets: sets.slice(1), outcomes }
  }

  it('is a request whose budget suffices for a set, wherever it waits, and its own message is in the set', async () => {
    expect(await drive(['low', 'ended', 'low', 'full', 'low'])).toEqual({
      drivers: ['full 3'],
      sets: [['low 0', 'ended 1', 'low 2', 'full 3', 'low 4']],
      outcomes: Array.from({ length: 5 }, () => 'done'),
    })
    const { drivers, sets } = await drive(['low', 'ended', 'low', 'full', 'low'], 2)
    expect(drivers[0]).toBe('full 3')
    expect(sets[0]).toEqual(['low 0', 'full 3'])
  })

  it('is a request that sends more than its setting says when there is no other one', async () => {
    const { drivers, outcomes } = await drive(['ended', 'low', 'low'])
    expect(drivers).toEqual(['low 1'])
    expect(outcomes).toEqual(['done', 'done', 'done'])
  })

  it('is never a request of which D1 has refused a query: without another one the messages wait for nothing', async () => {
    expect(await drive(['ended', 'ended'])).toEqual({
      drivers: [],
      sets: [],
      outcomes: ['stranded', 'stranded'],
    })
  })
})

describe('the errors of a limit', () => {
  it.each([
    'D1_ERROR: Too many API requests by single Worker invocation.',
    'Too many API requests by single worker invocation.',
    'Too many subrequests.',
    'Too many subrequests by single Worker invocation. To configure this limit, refer to https://developers.cloudflare.com/',
  ])('%s', (text) => {
    expect(isLimit(new Error(text))).toBe(true)
    expect(isLimit(new Error('Failed query', { cause: new Error(text) }))).toBe(true)
  })

  it.each([
    'D1_ERROR: Network connection lost.',
    'D1_ERROR: D1 DB is overloaded. Requests queued for too long.',
    'D1_ERROR: D1 DB exceeded its CPU time limit and was reset.',
    'UNIQUE constraint failed: sale.id: SQLITE_CONSTRAINT',
  ])('are not %s', (text) => expect(isLimit(new Error(text))).toBe(false))
})

it('DATABASE_LIMIT_QUERIES is a number that suffices for one set', () => {
  expect([readQueryLimit(), readQueryLimit('50'), readQueryLimit('10000')]).toEqual([1000, 50, 10_000])
  expect(createBudget(50).left()).toBeGreaterThanOrEqual(SET_QUERIES)
  for (const wrong of ['', '0', '37', '1e3', '-50', '50 ', '12345678'])
    expect(() => readQueryLimit(wrong)).toThrow(
      /^DATABASE_LIMIT_QUERIES: expected a number from 50 to 9999999$/,
    )
})
