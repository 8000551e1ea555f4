/**
 * @module The answers that an isolate keeps for copies go by age, at most `SWEEP_MS` after they were kept, whether or not
 * another request comes. Then their bytes are zeros.
 */

import fc from 'fast-check'
import { beforeAll, expect, it, vi } from 'vitest'
import { loadCoreModule } from '../../src/cli/lib/core.ts'
import { type Core, createCore } from '../../src/core/instance.ts'
import { createAnswers, KEPT_MS, SWEEP_MS, type TerminalReply } from '../../src/pos/reply-cache.ts'

/** The window of the service (create-services.ts). */
const WINDOW_SECONDS = 2

let module: WebAssembly.Module
beforeAll(async () => {
  module = await loadCoreModule()
})

const frameOf = (n: number) => Uint8Array.of(0x02, n >> 8, n & 0xff)
const answerOf = (n: number): TerminalReply => ({
  status: 200,
  body: Uint8Array.from({ length: 19 }, (_, i) => 1 + ((n + i) % 255)),
  messageKey: `message ${n}`,
})

function open() {
  const core: Core = createCore(module, (bytes) => bytes.fill(7), { duplicateWindowSeconds: WINDOW_SECONDS })
  const clock = { now: Date.UTC(2026, 5, 1) }
  /** Each sleep, with the time at which it ends. */
  const sleeps: { readonly at: number; readonly wake: () => void }[] = []
  const sleep = (ms: number) => new Promise<void>((wake) => void sleeps.push({ at: clock.now + ms, wake }))
  const answers = createAnswers({ core, now: () => clock.now, sleep })
  /** True if the exchange was run. */
  async function send(n: number, reply = answerOf(n)): Promise<boolean> {
    let isRun = false
    const exchange = async () => {
      isRun = true
      return reply
    }
    const given = await answers.once(frameOf(n), `digest ${n}`, exchange, (promise) => void promise)
    expect([...given.body]).toEqual([...reply.body])
    return isRun
  }
  /** Lets time pass, and wakes each sleep when it ends. */
  async function pass(ms: number): Promise<void> {
    const end = clock.now + ms
    for (;;) {
      const [next] = sleeps.toSorted((a, b) => a.at - b.at)
      if (next === undefined || next.at > end) break
      clock.now = next.at
      sleeps.splice(sleeps.indexOf(next), 1)
      next.wake()
      await vi.waitFor(() => undefined)
    }
    clock.now = end
  }
  return { clock, sleeps, answers, send, pass }
}

it('a copy gets the first answer in the window, and no answer outlives it', async () => {
  const { send, pass } = open()
  expect([await send(1), await send(1)]).toEqual([true, false])
  await pass(KEPT_MS - 1)
  expect(await send(2)).toBe(true)
  await pass(1)
  expect(await send(1)).toBe(true)
})

it('an answer is gone when it is twice the window old, although no request comes', async () => {
  const { answers, send, pass } = open()
  await send(1)
  expect(answers.size).toBe(1)
  await pass(SWEEP_MS)
  expect(answers.size).toBe(0)
})

it('whatever the times of the requests: none is older than the bound, and sweeps are at most one in a window', async () => {
  const gaps = fc.array(fc.nat({ max: 2 * KEPT_MS }), { minLength: 1, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(gaps, async (gaps) => {
      const { clock, sleeps, answers, send, pass } = open()
      const start = clock.now
      const keptAt: number[] = []
      let most = 0
      for (const [n, gap] of gaps.entries()) {
        await send(n)
        keptAt.push(clock.now)
        most = Math.max(most, sleeps.length)
        await pass(gap)
        const young = keptAt.filter((at) => clock.now - at < SWEEP_MS)
        expect(answers.size).toBeLessThanOrEqual(young.length)
      }
      expect(most).toBeLessThanOrEqual(SWEEP_MS / KEPT_MS + 1)
      await pass(SWEEP_MS)
      expect([answers.size, clock.now > start]).toEqual([0, true])
    }),
    { numRuns: 60 },
  )
})

it('a clock that jumps back or ahead keeps no answer longer', async () => {
  for (const jump of [-3_600_000, 3_600_000]) {
    const { clock, answers, send } = open()
    await send(1)
    clock.now += jump
    await send(2)
    expect(answers.size).toBe(1)
  }
})

it('the bytes of an answer that goes are wiped: by age, by a reversal, and by a later one; bytes on their way are not', async () => {
  const kept: Uint8Array[] = []
  const slice = Uint8Array.prototype.slice
  vi.spyOn(Uint8Array.prototype, 'slice').mockImplementation(function (this: Uint8Array, ...bounds) {
    const copy = slice.apply(this, bounds)
    if (this.length === 19) kept.push(copy)
    return copy
  })
  try {
    const { send, pass } = open()
    const first = answerOf(1)
    await send(1, first)
    const byAge = kept.at(-1) ?? expect.fail('nothing is kept')
    await send(1, first)
    const onItsWay = kept.at(-1) ?? expect.fail('no copy is sent')
    await pass(SWEEP_MS)
    expect([...new Set(byAge)]).toEqual([0])
    expect([...onItsWay]).toEqual([...first.body])
    expect([...first.body]).toEqual([...answerOf(1).body])

    await send(2)
    const reversed = kept.at(-1) ?? expect.fail('nothing is kept')
    await send(3, { ...answerOf(3), reversedKeys: ['message 2'] })
    expect([...new Set(reversed)]).toEqual([0])
  } finally {
    vi.restoreAllMocks()
  }
})
