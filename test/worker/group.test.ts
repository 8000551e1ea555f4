/** @module The group commit by itself: who leaves when, who drives, and what becomes of those whose patience ends. */

import { expect, it } from 'vitest'
import { createGroupCommit, type Work } from '../../src/pipeline/group-commit.ts'

type One = Work<number, string>

/** A road that takes a set when it is told to, and gives back what it is told to. */
function aPipeline(options: { setSize?: number; deadlineMs?: number } = {}) {
  const sets: number[][] = []
  const gates: PromiseWithResolvers<readonly number[]>[] = []
  const run = async (set: readonly One[]): Promise<readonly One[]> => {
    sets.push(set.map(({ message }) => message))
    const gate = Promise.withResolvers<readonly number[]>()
    gates.push(gate)
    const back = await gate.promise
    for (const work of set) if (!back.includes(work.message)) work.settle(`done ${work.message}`)
    return set.filter(({ message }) => back.includes(message))
  }
  const group = createGroupCommit<number, string>({
    run: async (set) => ({ lost: await run(set), deferred: [] }),
    unknown: 'unknown',
    ...options,
  })
  const drivers: number[] = []
  const submit = (message: number) => group.submit(message, () => drivers.push(message))
  /** Lets the set on the road finish; those named lost their place and go again. */
  const finish = async (...back: number[]) => {
    gates.at(-1)?.resolve(back)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return { sets, drivers, submit, finish }
}

it('a message leaves at once when nothing is on the road; what comes meanwhile goes together', async () => {
  const { sets, submit, finish } = aPipeline()
  const all = [1, 2, 3, 4].map(submit)
  expect(sets).toEqual([[1]])
  await finish()
  expect(sets).toEqual([[1], [2, 3, 4]])
  await finish()
  expect(await Promise.all(all)).toEqual(['done 1', 'done 2', 'done 3', 'done 4'])
})

it('a set is bounded, and each is driven by the request of one of its own', async () => {
  const { sets, drivers, submit, finish } = aPipeline({ setSize: 2 })
  const all = [1, 2, 3, 4, 5].map(submit)
  for (let n = 0; n < 3; n++) await finish()
  await Promise.all(all)
  expect(sets).toEqual([[1], [2, 3], [4, 5]])
  expect(sets.map((set, i) => set.includes(drivers[i] ?? 0))).toEqual([true, true, true])
})

it('what lost its place goes again before all others', async () => {
  const { sets, submit, finish } = aPipeline({ setSize: 2 })
  const all = [1, 2, 3, 4].map(submit)
  await finish()
  await finish(3)
  await finish()
  expect(sets).toEqual([[1], [2, 3], [3, 4]])
  await finish()
  expect(await Promise.all(all)).toHaveLength(4)
})

it('whose patience ends is told that nothing is known, and is not sent again', async () => {
  const { sets, submit, finish } = aPipeline({ deadlineMs: 20 })
  const first = submit(1)
  const waiting = submit(2)
  expect(await Promise.all([first, waiting])).toEqual(['unknown', 'unknown'])
  // The set comes back with a message that no one waits for any more.
  await finish(1)
  const third = submit(3)
  expect(sets).toEqual([[1], [3]])
  await finish()
  expect(await third).toBe('done 3')
})
