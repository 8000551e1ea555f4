/**
 * @module The group commit on a fake clock: which message drives, which ones wait, and the effect of a
 * driver's death.
 */

import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createGroupCommit, type GroupCommitOptions, type Work } from '../../src/pipeline/group-commit.ts'

type Item = Work<string, string>

beforeEach(() => vi.useFakeTimers({ now: 0 }))
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

interface Run {
  readonly at: number
  readonly set: readonly string[]
  /** The message whose `waitUntil` holds the set. */
  driver?: string
}

/**
 * A group over a pipeline that takes `latency` ms for a set and then settles each message as `done:` plus its
 * name.
 */
function groupOver(
  run: (set: readonly Item[], nth: number) => Promise<readonly Item[]>,
  options: Partial<GroupCommitOptions<string, string>> = {},
) {
  const runs: Run[] = []
  const answered = new Map<string, { outcome: string; at: number }>()
  const { submit, together } = createGroupCommit<string, string>({
    run: async (set) => {
      runs.push({ at: Date.now(), set: set.map((work) => work.message) })
      return { lost: await run(set, runs.length - 1), deferred: [] }
    },
    unknown: 'unknown',
    ...options,
  })
  const send = async (message: string): Promise<string> => {
    const outcome = await submit(message, () => {
      const last = runs.at(-1)
      if (last !== undefined) last.driver = message
    })
    answered.set(message, { outcome, at: Date.now() })
    return outcome
  }
  return { runs, answered, send, together }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

const takes =
  (latency: number) =>
  async (set: readonly Item[]): Promise<readonly Item[]> => {
    await sleep(latency)
    for (const work of set) work.settle(`done:${work.message}`)
    return []
  }

/** A run that never returns: the request that drove it was cut off. */
const dies = (): Promise<readonly Item[]> => new Promise(() => {})

const advance = (ms: number) => vi.advanceTimersByTimeAsync(ms)

describe('a free pipeline', () => {
  it('runs a message at once, driven by itself', async () => {
    const { runs, answered, send } = groupOver(takes(5))
    void send('a')
    expect(runs).toEqual([{ at: 0, set: ['a'], driver: 'a' }])
    await advance(5)
    expect(answered.get('a')).toEqual({ outcome: 'done:a', at: 5 })
  })

  it('runs the next message at once after the first one ends', async () => {
    const { runs, send } = groupOver(takes(5))
    void send('a')
    await advance(100)
    void send('b')
    expect(runs[1]).toEqual({ at: 100, set: ['b'], driver: 'b' })
    await advance(5)
  })

  it('may settle a message before it returns', async () => {
    const { answered, send } = groupOver(async (set) => {
      for (const work of set) work.settle('at once')
      return []
    })
    void send('a')
    await advance(0)
    expect(answered.get('a')).toEqual({ outcome: 'at once', at: 0 })
  })
})

describe('messages that are submitted together', () => {
  it('share a set, which leaves at once', async () => {
    const { runs, answered, send, together } = groupOver(takes(5))
    const returned = together(() => {
      for (const message of ['a', 'b', 'c']) void send(message)
      expect(runs).toEqual([])
      return 'returned'
    })
    expect(returned).toBe('returned')
    await advance(0)
    expect(runs).toEqual([{ at: 0, set: ['a', 'b', 'c'], driver: 'a' }])
    await advance(5)
    expect([...answered.keys()]).toEqual(['a', 'b', 'c'])
  })

  it('wait for the set that is in flight', async () => {
    const { runs, send, together } = groupOver(takes(10))
    void send('a')
    await advance(1)
    together(() => ['b', 'c'].map(send))
    await advance(8)
    expect(runs).toHaveLength(1)
    await advance(1)
    expect(runs[1]).toEqual({ at: 10, set: ['b', 'c'], driver: 'b' })
    await advance(10)
  })

  it('go also when the caller throws', async () => {
    const { runs, send, together } = groupOver(takes(1))
    const fails = () => {
      void send('a')
      throw new Error('failed')
    }
    expect(() => together(fails)).toThrow('failed')
    await advance(1)
    expect(runs.map(({ set }) => set)).toEqual([['a']])
  })

  it('may be none', () => {
    expect(groupOver(takes(1)).together(() => 1)).toBe(1)
  })
})

it('keeps the first outcome of a message', async () => {
  const { answered, send } = groupOver(async (set) => {
    for (const work of set) for (const outcome of ['first', 'second']) work.settle(outcome)
    return []
  })
  void send('a')
  await advance(0)
  expect(answered.get('a')?.outcome).toBe('first')
})

describe('a busy pipeline', () => {
  it('collects messages and runs them in order as one set, driven by the first', async () => {
    const { runs, answered, send } = groupOver(takes(10))
    void send('a')
    await advance(1)
    for (const message of ['b', 'c', 'd']) void send(message)
    await advance(8)
    void send('e')
    await advance(1)
    expect(runs).toEqual([
      { at: 0, set: ['a'], driver: 'a' },
      { at: 10, set: ['b', 'c', 'd', 'e'], driver: 'b' },
    ])
    await advance(10)
    expect([...answered]).toEqual(
      ['a', 'b', 'c', 'd', 'e'].map((message, i) => [
        message,
        { outcome: `done:${message}`, at: i === 0 ? 10 : 20 },
      ]),
    )
  })

  it('runs at most one set size at a time', async () => {
    const { runs, answered, send } = groupOver(takes(10), { setSize: 3 })
    for (const message of 'abcdefgh') void send(message)
    await advance(40)
    expect(runs.map(({ set, driver }) => [set.join(''), driver])).toEqual([
      ['a', 'a'],
      ['bcd', 'b'],
      ['efg', 'e'],
      ['h', 'h'],
    ])
    expect(answered.size).toBe(8)
  })

  it('runs retried messages before all others, and settles each once', async () => {
    const { runs, answered, send } = groupOver(async (set, nth) => {
      await sleep(10)
      const again = nth === 1 ? set.filter(({ message }) => 'bd'.includes(message)) : []
      for (const work of set) if (!again.includes(work)) work.settle(`${nth}`)
      return again.toReversed()
    })
    void send('a')
    await advance(1)
    for (const message of ['b', 'c', 'd']) void send(message)
    await advance(15)
    void send('e')
    await advance(30)
    expect(runs.map(({ set }) => set.join(''))).toEqual(['a', 'bcd', 'bde'])
    expect(answered.get('c')).toEqual({ outcome: '1', at: 20 })
    expect(answered.get('b')).toEqual({ outcome: '2', at: 30 })
  })

  it('is driven by the request of a message in the set', async () => {
    const { runs, send } = groupOver(takes(7), { setSize: 2 })
    for (let i = 0; i < 20; i++) {
      void send(`m${i}`)
      await advance(2)
    }
    await advance(200)
    for (const { set, driver } of runs) expect(set).toContain(driver)
    expect(runs.flatMap(({ set }) => set)).toEqual(Array.from({ length: 20 }, (_, i) => `m${i}`))
  })
})

describe('the deadline', () => {
  it('returns unknown for a running message, and ignores a later outcome', async () => {
    const { answered, send } = groupOver(takes(12_000))
    void send('a')
    await advance(9_999)
    expect(answered.size).toBe(0)
    await advance(1)
    expect(answered.get('a')).toEqual({ outcome: 'unknown', at: 10_000 })
    await advance(2_000)
    expect(answered.get('a')?.outcome).toBe('unknown')
  })

  it('returns unknown for a waiting message, which then never runs', async () => {
    const { runs, answered, send } = groupOver(takes(200), { deadlineMs: 100 })
    void send('a')
    await advance(50)
    void send('b')
    await advance(99)
    expect(answered.has('b')).toBe(false)
    await advance(1)
    expect(answered.get('b')).toEqual({ outcome: 'unknown', at: 150 })
    await advance(1_000)
    void send('c')
    await advance(200)
    expect(runs.map(({ set }) => set.join(''))).toEqual(['a', 'c'])
  })

  it('does not apply to a message that settles in its last millisecond', async () => {
    const { answered, send } = groupOver(takes(99), { deadlineMs: 100 })
    void send('a')
    await advance(200)
    expect(answered.get('a')).toEqual({ outcome: 'done:a', at: 99 })
  })

  it('ends the retries of a message without delaying the others', async () => {
    const { runs, answered, send } = groupOver(
      async (set, nth) => {
        await sleep(nth === 0 ? 120 : 10)
        if (nth === 0) return set
        for (const work of set) work.settle('done')
        return []
      },
      { deadlineMs: 100 },
    )
    void send('gone')
    await advance(60)
    void send('next')
    await advance(70)
    expect(runs.map(({ at, set }) => [at, set.join(' ')])).toEqual([
      [0, 'gone'],
      [120, 'next'],
    ])
    expect([...answered]).toEqual([
      ['gone', { outcome: 'unknown', at: 100 }],
      ['next', { outcome: 'done', at: 130 }],
    ])
  })
})

describe('a driver that dies', () => {
  it('loses the outcome of its set and delays the other messages by the lease', async () => {
    const { runs, answered, send } = groupOver((set, nth) => (nth === 0 ? dies() : takes(10)(set)))
    void send('lost')
    await advance(8_000)
    void send('waits')
    await advance(7_000)
    expect(answered.get('lost')).toEqual({ outcome: 'unknown', at: 10_000 })
    expect(runs.length).toBe(1)
    await advance(300)
    expect(answered.get('waits')?.outcome).toBe('done:waits')
    expect(runs[1]?.at).toBeGreaterThan(15_000)
    expect(runs[1]?.at).toBeLessThanOrEqual(15_250)
  })

  it('leaves a pipeline that the next message takes at once when the lease is over', async () => {
    const { runs, answered, send } = groupOver((set, nth) => (nth === 0 ? dies() : takes(10)(set)))
    void send('lost')
    await advance(20_000)
    void send('a')
    expect(runs[1]).toEqual({ at: 20_000, set: ['a'], driver: 'a' })
    await advance(1)
    void send('b')
    await advance(20)
    expect(answered.get('b')).toEqual({ outcome: 'done:b', at: 20_020 })
  })

  it('and returns late gives back neither the pipeline nor its messages', async () => {
    const { runs, answered, send } = groupOver(async (set, nth) => {
      if (nth > 0) return takes(10)(set)
      await sleep(20_005)
      return set
    })
    void send('late')
    await advance(20_000)
    void send('a')
    await advance(1)
    void send('b')
    await advance(5)
    expect(runs.map(({ set }) => set.join(''))).toEqual(['late', 'a'])
    await advance(30)
    expect(runs.map(({ at, set }) => [at, set.join('')])).toEqual([
      [0, 'late'],
      [20_000, 'a'],
      [20_010, 'b'],
    ])
    expect(answered.get('late')?.outcome).toBe('unknown')
    expect(answered.get('b')?.outcome).toBe('done:b')
  })
})

describe('any schedule', () => {
  const arrivals = fc.array(fc.record({ gap: fc.nat(30), tries: fc.integer({ min: 1, max: 4 }) }), {
    minLength: 1,
    maxLength: 40,
  })

  it('runs one set at a time within the size, settles every message, and never idles while one waits', async () => {
    await fc.assert(
      fc.asyncProperty(
        arrivals,
        fc.array(fc.nat(20), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 5 }),
        async (messages, latencies, setSize) => {
          vi.setSystemTime(0)
          const left = new Map(messages.map(({ tries }, i) => [`${i}`, tries]))
          const free: { from: number; to: number }[] = []
          let busy = 0
          let freeSince = 0
          const { answered, runs, send } = groupOver(
            async (set, nth) => {
              expect(++busy).toBe(1)
              free.push({ from: freeSince, to: Date.now() })
              expect(set.length).toBeGreaterThan(0)
              expect(set.length).toBeLessThanOrEqual(setSize)
              await sleep(latencies[nth % latencies.length] ?? 0)
              const again = set.filter(({ message }) => {
                const tries = (left.get(message) ?? 0) - 1
                left.set(message, tries)
                return tries > 0
              })
              for (const work of set) if (!again.includes(work)) work.settle(`done:${work.message}`)
              busy--
              freeSince = Date.now()
              return again
            },
            { setSize },
          )
          const arrived: number[] = []
          for (const [i, { gap }] of messages.entries()) {
            await advance(gap)
            arrived.push(Date.now())
            void send(`${i}`)
          }
          // Every try of every message alone, at the slowest, without one poll interval of 250 ms.
          await advance(messages.length * 4 * 20 + 20)
          expect(answered.size).toBe(messages.length)
          for (const [message, { outcome }] of answered) expect(outcome).toBe(`done:${message}`)
          for (const tries of left.values()) expect(tries).toBe(0)
          const firsts = runs.flatMap(({ set }) => set).filter((m, i, all) => all.indexOf(m) === i)
          expect(firsts).toEqual(messages.map((_, i) => `${i}`))
          // While the pipeline was free, every message that had arrived was settled.
          for (const { from, to } of free)
            for (const [i, at] of arrived.entries())
              if (from < to && at < to) expect(answered.get(`${i}`)?.at).toBeLessThanOrEqual(from)
          for (const { set, driver } of runs) expect(set).toContain(driver)
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('the order of retries', () => {
  it('puts deferred messages behind all others, and messages that lost the race before them', async () => {
    const sets: string[][] = []
    const { submit } = createGroupCommit<string, string>({
      run: async (set) => {
        sets.push(set.map(({ message }) => message))
        await sleep(10)
        const [first, ...rest] = set.filter(({ message }) => message.startsWith('busy'))
        for (const work of set) if (!rest.includes(work)) work.settle('done')
        return { lost: [], deferred: first === undefined ? [] : rest }
      },
      unknown: 'unknown',
      setSize: 10,
    })
    const messages = [...Array.from({ length: 25 }, (_, i) => `busy${i}`), 'other']
    const all = Promise.all(messages.map((message) => submit(message, () => {})))
    await vi.advanceTimersByTimeAsync(2000)
    expect(await all).toEqual(messages.map(() => 'done'))
    // 1 alone, then 10 and 10 of the busy one, then the rest with the other in its turn.
    expect(sets.findIndex((set) => set.includes('other'))).toBeLessThanOrEqual(3)
  })

  it('keeps the arrival time of a message, so that no later one overtakes a deferred one', async () => {
    const seen: [string, number][] = []
    const { submit } = createGroupCommit<string, string>({
      run: async (set) => {
        for (const { message, since } of set) seen.push([message, since])
        await sleep(10)
        for (const work of set) work.settle('done')
        return { lost: [], deferred: [] }
      },
      unknown: 'unknown',
    })
    const one = submit('one', () => {})
    await vi.advanceTimersByTimeAsync(5)
    const two = submit('two', () => {})
    await vi.advanceTimersByTimeAsync(300)
    await Promise.all([one, two])
    expect(seen).toEqual([
      ['one', 0],
      ['two', 5],
    ])
  })

  it('does not run a message whose request was cut off', async () => {
    const driven: string[] = []
    const { submit } = createGroupCommit<string, string>({
      run: async (set) => {
        driven.push(...set.map(({ message }) => message))
        await sleep(5)
        for (const work of set) work.settle('done')
        return { lost: [], deferred: [] }
      },
      unknown: 'unknown',
    })
    const first = submit('first', () => {})
    // Its request is cut off: none of its timers fires and no continuation of it runs.
    vi.stubGlobal('setTimeout', () => 0)
    vi.stubGlobal('setInterval', () => 0)
    void submit('orphan', () => {
      throw new Error('an orphan drives nothing')
    }).catch(() => {})
    vi.unstubAllGlobals()
    vi.setSystemTime(Date.now() + 60_000)
    await vi.advanceTimersByTimeAsync(10)
    await first
    const last = submit('last', () => {})
    await vi.advanceTimersByTimeAsync(300)
    expect(await last).toBe('done')
    expect(driven).not.toContain('orphan')
  })
})
