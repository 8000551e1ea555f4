/** @module The opening of an isolate: shared, repeated after an error, and never waited for without end. */

import { expect, it, vi } from 'vitest'
import { openOnce } from '../../src/pipeline/open-once.ts'

const never = () => new Promise<never>(() => {})

it('builds once for all requests, and keeps the first request alive for it', async () => {
  const build = vi.fn(async () => ({}))
  const kept: Promise<unknown>[] = []
  const open = openOnce(never)
  const [one, two] = await Promise.all([open(build, (p) => void kept.push(p)), open(build, () => {})])
  expect(one).toBe(two)
  expect(await open(build, () => {})).toBe(one)
  expect(build).toHaveBeenCalledTimes(1)
  expect(kept).toHaveLength(1)
  await Promise.all(kept)
})

it('builds again after an error, which every waiter gets', async () => {
  let isBroken = true
  const build = vi.fn(async () => {
    if (isBroken) throw new RangeError('MASTER_KEY: …')
    return 'open'
  })
  const open = openOnce(never)
  const kept: Promise<unknown>[] = []
  const failed = await Promise.allSettled([open(build, (p) => void kept.push(p)), open(build, () => {})])
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await expect(Promise.all(kept)).resolves.toBeDefined()
  isBroken = false
  expect(await open(build, () => {})).toBe('open')
  expect(build).toHaveBeenCalledTimes(2)
})

it('gives up an opening whose request ended, and the next request opens anew', async () => {
  const build = vi.fn<() => Promise<string>>().mockImplementationOnce(never).mockResolvedValue('open')
  const times: number[] = []
  let isOver = false
  const open = openOnce<string>((ms) => {
    times.push(ms)
    return isOver ? Promise.resolve() : never()
  })
  void open(build, () => {}).catch(() => undefined)
  isOver = true
  await expect(open(build, () => {})).rejects.toThrow('D1 does not answer')
  expect(times).toEqual([10_000, 10_000])
  isOver = false
  expect(await open(build, () => {})).toBe('open')
})

it('sets no timer once it is open', async () => {
  const build = async () => 'open'
  const sleep = vi.fn(never)
  const open = openOnce(sleep)
  await open(build, () => {})
  await open(build, () => {})
  expect(sleep).toHaveBeenCalledTimes(1)
})
