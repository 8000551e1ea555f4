/** @module The time of a call: a request that hangs ends with the deadline, and a signal ends a wait at once. */

import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { type ClientOptions, NoAnswer } from '../../src/client/index.ts'
import { defaults } from '../../src/client/runtime.ts'
import { broken, type Fetch, hung, json, problem, SALE, scripted } from './scripted.ts'

const inRealTime: Partial<ClientOptions> = { now: defaults.now, sleep: defaults.sleep }

/** A response whose body never ends. */
const halfSent: Fetch = async (_, { signal }) => {
  const body = new ReadableStream({
    start: (controller) => signal?.addEventListener('abort', () => controller.error(signal.reason)),
  })
  return new Response(body, { status: 201, headers: { 'content-type': 'application/json' } })
}

/** A `fetch` that does not know signals. */
const deaf: Fetch = () => new Promise(() => {})

describe('the deadline', () => {
  it.each([
    ['hangs', hung],
    ['stops inside its answer', halfSent],
    ['ignores its signal', deaf],
  ])('ends a request that %s', async (_, step) => {
    const { client } = scripted([step], { ...inRealTime, deadlineMs: 50 })
    const failed = await client.void({ body: SALE }).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(NoAnswer)
    expect(failed).toMatchObject({ route: 'POST /v1/voids', idempotencyKey: 'a-new-key', attempts: 1 })
    expect(failed).toMatchObject({ cause: { name: 'TimeoutError' } })
  })

  it('counts from the first request', async () => {
    const steps = [broken, problem(503, 'overloaded', 'retry'), hung]
    const { client } = scripted(steps, { deadlineMs: 1600 })
    await expect(client.request('GET /v1/cases')).rejects.toMatchObject({ name: 'NoAnswer', attempts: 3 })
  })

  it('can be longer than a timer can', async () => {
    const slow: Fetch = async (url, init) => {
      await defaults.sleep(20)
      init.signal?.throwIfAborted()
      return json(200, { items: [], next: null })(url, init)
    }
    const { client } = scripted([slow], { deadlineMs: Number.POSITIVE_INFINITY })
    expect(await client.request('GET /v1/cases')).toMatchObject({ ok: true, attempts: 1 })
  })
})

describe('a signal', () => {
  it('ends a request that hangs', async () => {
    const { client } = scripted([hung], inRealTime)
    const controller = new AbortController()
    const result = client.request('GET /v1/cases', { signal: controller.signal })
    controller.abort(new Error('no longer wanted'))
    await expect(result).rejects.toThrow('no longer wanted')
  })

  it('that is aborted already sends nothing', async () => {
    const { client, sent } = scripted([json(200, { items: [], next: null })])
    const signal = AbortSignal.abort(new Error('no longer wanted'))
    await expect(client.request('GET /v1/cases', { signal })).rejects.toThrow('no longer wanted')
    expect(sent).toHaveLength(0)
  })

  it('that is aborted already ends a wait at once', async () => {
    const from = performance.now()
    await defaults.sleep(30_000, AbortSignal.abort())
    expect(performance.now() - from).toBeLessThan(20_000)
  })

  it('keeps no listener of a wait or of a request that is over', async () => {
    const { signal } = new AbortController()
    const { client } = scripted([broken, broken, json(200, { items: [], next: null })], {
      sleep: (_, of) => defaults.sleep(1, of),
    })
    expect(await client.request('GET /v1/cases', { signal })).toMatchObject({ ok: true, attempts: 3 })
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})
