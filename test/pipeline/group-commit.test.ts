/** @module The group commit on a fake clock: who drives, who waits, and what a driver's death costs. */

import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createGroupCommit, type GroupCommitOptions, type Work } from '../../src/pipeline/group-commit.ts'

type Item = Work<string, string>

beforeEach(() => vi.useFakeTimers({ now: 0 }))
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

interface Road {
  readonly at: number
  readonly set: readonly string[]
  /** Whose `waitUntil` holds the set. */
  driver?: string
}

/** A group over a road that takes `latency` ms for a set and then settles each message as `done:` itself. */
function groupOver(
  run: (set: readonly Item[], nth: number) => Promise<readonly Item[]>,
  options: Partial<GroupCommitOptions<string, string>> = {},
) {
  const pipelines: Road[] = []
  const answered = new Map<string, { outcome: string; at: number }>()
  const { submit } = createGroupCommit<string, string>({
    run: async (set) => {
      pipelines.push({ at: Date.now(), set: set.map((work) => work.message) })
      return { lost: await run(set, pipelines.length - 1), deferred: [] }
    },
    unknown: 'unknown',
    ...options,
  })
  const send = async (message: string): Promise<string> => {
    const outcome = await submit(message, () => {
      const last = pipelines.at(-1)
      if (last !== undefined) last.driver = message
    })
    answered.set(message, { outcome, at: Date.now() })
    return outcome
  }
  return { pipelines, answered, send }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

const takes =
  (latency: number) =>
  async (set: readonly Item[]): Promise<readonly Item[]> => {
    await sleep(latency)
    for (const work of set) work.settle(`done:${work.message}`)
    return []
  }

/** The road never comes back: the request that drove it was cut off. */
const dies = (): Promise<readonly Item[]> => new Promise(() => {})

const advance = (ms: number) => vi.advanceTimersByTimeAsync(ms)

describe('a free road', () => {
  it('is taken at once, by the message itself', async () => {
    const { pipelines, answered, send } = groupOver(takes(5))
    void send('a')
    expect(pipelines).toEqual([{ at: 0, set: ['a'], driver: 'a' }])
    await advance(5)
    expect(answered.get('a')).toEqual({ outcome: 'done:a', at: 5 })
  })

  it('is taken at once again afterwards', async () => {
    const { pipelines, send } = groupOver(takes(5))
    void send('a')
    await advance(100)
    void send('b')
    expect(pipelines[1]).toEqual({ at: 100, set: ['b'], driver: 'b' })
    await advance(5)
  })

  it('may settle before it returns', async () => {
    const { answered, send } = groupOver(async (set) => {
      for (const work of set) work.settle('at once')
      return []
    })
    void send('a')
    await advance(0)
    expect(answered.get('a')).toEqual({ outcome: 'at once', at: 0 })
  })
})

it('is told what was said first', async () => {
  const { answered, send } = groupOver(async (set) => {
    for (const work of set) for (const outcome of ['first', 'second']) work.settle(outcome)
    return []
  })
  void send('a')
  await advance(0)
  expect(answered.get('a')?.outcome).toBe('first')
})

describe('a busy road', () => {
  it('gathers, and takes what gathered as one set, in order, driven by the first of it', async () => {
    const { pipelines, answered, send } = groupOver(takes(10))
    void send('a')
    await advance(1)
    for (const message of ['b', 'c', 'd']) void send(message)
    await advance(8)
    void send('e')
    await advance(1)
    expect(pipelines).toEqual([
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

  it('takes at most a set of its size', async () => {
    const { pipelines, answered, send } = groupOver(takes(10), { setSize: 3 })
    for (const message of 'abcdefgh') void send(message)
    await advance(40)
    expect(pipelines.map(({ set, driver }) => [set.join(''), driver])).toEqual([
      ['a', 'a'],
      ['bcd', 'b'],
      ['efg', 'e'],
      ['h', 'h'],
    ])
    expect(answered.size).toBe(8)
  })

  it('lets those that go again go before all others, and settles each once', async () => {
    const { pipelines, answered, send } = groupOver(async (set, nth) => {
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
    expect(pipelines.map(({ set }) => set.join(''))).toEqual(['a', 'bcd', 'bde'])
    expect(answered.get('c')).toEqual({ outcome: '1', at: 20 })
    expect(answered.get('b')).toEqual({ outcome: '2', at: 30 })
  })

  it('is held by the request of one that it carries', async () => {
    const { pipelines, send } = groupOver(takes(7), { setSize: 2 })
    for (let i = 0; i < 20; i++) {
      void send(`m${i}`)
      await advance(2)
    }
    await advance(200)
    for (const { set, driver } of pipelines) expect(set).toContain(driver)
    expect(pipelines.flatMap(({ set }) => set)).toEqual(Array.from({ length: 20 }, (_, i) => `m${i}`))
  })
})

describe('patience', () => {
  it('ends with unknown for one on the road, whatever comes later', async () => {
    const { answered, send } = groupOver(takes(12_000))
    void send('a')
    await advance(9_999)
    expect(answered.size).toBe(0)
    await advance(1)
    expect(answered.get('a')).toEqual({ outcome: 'unknown', at: 10_000 })
    await advance(2_000)
    expect(answered.get('a')?.outcome).toBe('unknown')
  })

  it('ends for one that waits too, which then never leaves', async () => {
    const { pipelines, answered, send } = groupOver(takes(200), { deadlineMs: 100 })
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
    expect(pipelines.map(({ set }) => set.join(''))).toEqual(['a', 'c'])
  })

  it('does not end for one that is told in its last millisecond', async () => {
    const { answered, send } = groupOver(takes(99), { deadlineMs: 100 })
    void send('a')
    await advance(200)
    expect(answered.get('a')).toEqual({ outcome: 'done:a', at: 99 })
  })

  it('of a message that is to go again: it does not, and holds no one up', async () => {
    const { pipelines, answered, send } = groupOver(
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
    expect(pipelines.map(({ at, set }) => [at, set.join(' ')])).toEqual([
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
  it('costs its own set its outcome, and the others the lease', async () => {
    const { pipelines, answered, send } = groupOver((set, nth) => (nth === 0 ? dies() : takes(10)(set)))
    void send('lost')
    await advance(8_000)
    void send('waits')
    await advance(7_000)
    expect(answered.get('lost')).toEqual({ outcome: 'unknown', at: 10_000 })
    expect(pipelines.length).toBe(1)
    await advance(300)
    expect(answered.get('waits')?.outcome).toBe('done:waits')
    expect(pipelines[1]?.at).toBeGreaterThan(15_000)
    expect(pipelines[1]?.at).toBeLessThanOrEqual(15_250)
  })

  it('leaves a road that the next one takes at once, once the lease is over', async () => {
    const { pipelines, answered, send } = groupOver((set, nth) => (nth === 0 ? dies() : takes(10)(set)))
    void send('lost')
    await advance(20_000)
    void send('a')
    expect(pipelines[1]).toEqual({ at: 20_000, set: ['a'], driver: 'a' })
    await advance(1)
    void send('b')
    await advance(20)
    expect(answered.get('b')).toEqual({ outcome: 'done:b', at: 20_020 })
  })

  it('that comes back after all gives back neither the road nor its messages', async () => {
    const { pipelines, answered, send } = groupOver(async (set, nth) => {
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
    expect(pipelines.map(({ set }) => set.join(''))).toEqual(['late', 'a'])
    await advance(30)
    expect(pipelines.map(({ at, set }) => [at, set.join('')])).toEqual([
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

  it('one set at a time, none over its size, every message told, and never idle while one waits', async () => {
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
          const { answered, pipelines, send } = groupOver(
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
          // Every try of every message by itself, at the slowest, and not one glance of 250 ms.
          await advance(messages.length * 4 * 20 + 20)
          expect(answered.size).toBe(messages.length)
          for (const [message, { outcome }] of answered) expect(outcome).toBe(`done:${message}`)
          for (const tries of left.values()) expect(tries).toBe(0)
          const firsts = pipelines.flatMap(({ set }) => set).filter((m, i, all) => all.indexOf(m) === i)
          expect(firsts).toEqual(messages.map((_, i) => `${i}`))
          // While the road stood free, every message that had come had been told.
          for (const { from, to } of free)
            for (const [i, at] of arrived.entries())
              if (from < to && at < to) expect(answered.get(`${i}`)?.at).toBeLessThanOrEqual(from)
          for (const { set, driver } of pipelines) expect(set).toContain(driver)
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('who goes again', () => {
  it('the deferred go behind all others, however many they are, and those that lost their head before', async () => {
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

  it('a work says when it came, so that what was deferred is not overtaken', async () => {
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

  it('a message whose waiter is gone with its timers is not driven by a later one', async () => {
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
    // Its request is cut off: none of its timers ever fires, no continuation of it ever runs.
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
