/**
 * @module The group commit alone: when a message leaves, which one drives, and the outcome after the
 * deadline.
 */

import { expect, it } from 'vitest'
import { createGroupCommit, type Work } from '../../src/pipeline/group-commit.ts'

type One = Work<number, string>

/** A pipeline that takes a set and returns on request. */
function aPipeline(options: { setSize?: number; deadlineMs?: number } = {}) {
  const sets: number[][] = []
  const runs: PromiseWithResolvers<readonly number[]>[] = []
  const run = async (set: readonly One[]): Promise<readonly One[]> => {
    sets.push(set.map(({ message }) => message))
    const run = Promise.withResolvers<readonly number[]>()
    runs.push(run)
    const returned = await run.promise
    for (const work of set) if (!returned.includes(work.message)) work.settle(`done ${work.message}`)
    return set.filter(({ message }) => returned.includes(message))
  }
  const group = createGroupCommit<number, string>({
    run: async (set) => ({ lost: await run(set), deferred: [] }),
    unknown: 'unknown',
    ...options,
  })
  const drivers: number[] = []
  const submit = (message: number) => group.submit(message, () => drivers.push(message))
  /** Ends the running set. The named messages lost their race and run again. */
  const finish = async (...returned: number[]) => {
    runs.at(-1)?.resolve(returned)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return { sets, drivers, submit, finish }
}

it('runs a message at once when the pipeline is free, and later messages together', async () => {
  const { sets, submit, finish } = aPipeline()
  const all = [1, 2, 3, 4].map(submit)
  expect(sets).toEqual([[1]])
  await finish()
  expect(sets).toEqual([[1], [2, 3, 4]])
  await finish()
  expect(await Promise.all(all)).toEqual(['done 1', 'done 2', 'done 3', 'done 4'])
})

it('limits a set, and drives each by the request of one of its messages', async () => {
  const { sets, drivers, submit, finish } = aPipeline({ setSize: 2 })
  const all = [1, 2, 3, 4, 5].map(submit)
  for (let n = 0; n < 3; n++) await finish()
  await Promise.all(all)
  expect(sets).toEqual([[1], [2, 3], [4, 5]])
  expect(sets.map((set, i) => set.includes(drivers[i] ?? 0))).toEqual([true, true, true])
})

it('runs a message that lost its race before all others', async () => {
  const { sets, submit, finish } = aPipeline({ setSize: 2 })
  const all = [1, 2, 3, 4].map(submit)
  await finish()
  await finish(3)
  await finish()
  expect(sets).toEqual([[1], [2, 3], [3, 4]])
  await finish()
  expect(await Promise.all(all)).toHaveLength(4)
})

it('returns unknown after the deadline and does not run the message again', async () => {
  const { sets, submit, finish } = aPipeline({ deadlineMs: 20 })
  const first = submit(1)
  const waiting = submit(2)
  expect(await Promise.all([first, waiting])).toEqual(['unknown', 'unknown'])
  // The set returns with a message that no request waits for.
  await finish(1)
  const third = submit(3)
  expect(sets).toEqual([[1], [3]])
  await finish()
  expect(await third).toBe('done 3')
})
