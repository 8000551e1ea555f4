/**
 * @module A verification's results reach one answer or are discarded: a MAC key in clear must never be left
 * behind.
 */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createPipeline } from '../../src/pipeline/process.ts'
import type { Pipeline, PipelineMessage } from '../../src/pipeline/types.ts'
import { NOW } from '../domain/fixtures.ts'
import { messageFor, messageOf } from '../model/messages.ts'
import { TestService } from '../support/test-service.ts'
import { SILENT, scriptedAcquirer } from '../worker/scripted-acquirer.ts'

interface Key {
  readonly bytes: Uint8Array
}

let acquirer = scriptedAcquirer()
let service: TestService
let keys: Key[]
const caller = { waitUntil: () => {}, beforeAcquirer: () => {} }
const isWiped = ({ bytes }: Key): boolean => bytes.every((byte) => byte === 0)
const newKey = (): Key => {
  const key = { bytes: new Uint8Array(16).fill(7) }
  keys.push(key)
  return key
}

const command = (stan: number) =>
  ({ kind: 'sale', stan, batch: 'open', amount: 100, currency: '156' }) as const

function plain(number: number): PipelineMessage {
  const find = () => undefined
  const knowledge = { open: '000001', now: NOW, debit: [0, 0], credit: [0, 0], find } as const
  const prepared =
    number === 0
      ? messageFor({ kind: 'provision', window: 'business_day' }, knowledge, 0)
      : messageFor(command(number), knowledge, number)
  return messageOf(prepared ?? expect.fail('no message'))
}

/** A sale whose verification finds a key each time it runs. `during` runs between the finding and its return. */
function sale(stan: number, during: () => Promise<void> = async () => {}): PipelineMessage<Key> {
  const { load, verify } = plain(stan)
  return {
    load,
    async verify(loaded) {
      const found = newKey()
      await during()
      return { ...(await verify(loaded)), found }
    },
    discard: ({ bytes }) => void bytes.fill(0),
  }
}

beforeEach(async () => {
  keys = []
  acquirer = scriptedAcquirer()
  service = new TestService(acquirer.port)
  await service.send(plain(0))
})
afterEach(() => {
  vi.useRealTimers()
  service.close()
})

describe('what a verification finds', () => {
  const ways: readonly [
    string,
    (pipeline: Pipeline, message: PipelineMessage<Key>) => ReturnType<Pipeline['submit']>,
  ][] = [
    ['submit', (pipeline, message) => pipeline.submit(message, caller)],
    ['runAlone', (pipeline, message) => pipeline.runAlone(message)],
  ]

  it.each(ways)('reaches the answer: %s', async (_, run) => {
    const { found } = await run(service.pipeline, sale(1))
    expect(keys).toHaveLength(1)
    expect(found).toBe(keys[0])
    expect(keys.map(isWiped)).toEqual([false])
  })

  it.each(ways)('is discarded when the message runs again on a fresh load: %s', async (_, run) => {
    const rival = new TestService(acquirer.port, service)
    let isFirst = true
    const loser = sale(1, async () => {
      if (isFirst) await rival.send(plain(2))
      isFirst = false
    })
    const { found } = await run(service.pipeline, loser)
    expect(keys).toHaveLength(2)
    expect(found).toBe(keys[1])
    expect(keys.map(isWiped)).toEqual([true, false])
  })

  it('reaches the answer when the acquirer does not respond', async () => {
    acquirer.script = { sale: SILENT, inquiry: SILENT }
    const { outcome, found } = await service.pipeline.submit(sale(1), caller)
    expect(outcome.kind).toBe('pending')
    expect(found).toBe(keys[0])
  })

  it('is discarded when the acquirer throws', async () => {
    acquirer.script = { sale: () => Promise.reject(new Error('broken')) }
    await expect(service.pipeline.submit(sale(1), caller)).rejects.toThrow('broken')
    expect(keys.map(isWiped)).toEqual([true])
  })

  it('is discarded when the deadline has passed before the verification ends', async () => {
    vi.useFakeTimers({ now: NOW })
    const pipeline = createPipeline(service.options)
    const slow = Promise.withResolvers<void>()
    const settled = pipeline.submit(
      sale(1, () => slow.promise),
      caller,
    )
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await settled).toEqual({ outcome: { kind: 'unknown' }, found: null })
    slow.resolve()
    await vi.advanceTimersByTimeAsync(1)
    expect(keys.map(isWiped)).toEqual([true])
  })

  it('reaches the answer when the deadline passes after the verification', async () => {
    vi.useFakeTimers({ now: NOW })
    const stuck = Promise.withResolvers<void>()
    const options = { ...service.options, log: () => {} }
    const pipeline = createPipeline(options)
    service.hold = (trip) => (trip > 1 ? stuck.promise : undefined)
    service.trips = 0
    const settled = pipeline.submit(sale(1), caller)
    await vi.advanceTimersByTimeAsync(10_000)
    const { outcome, found } = await settled
    expect(outcome).toEqual({ kind: 'unknown' })
    expect(found).toBe(keys[0])
    stuck.resolve()
    await vi.advanceTimersByTimeAsync(1)
    expect(keys).toHaveLength(1)
  })

  it('is null where no verification ran', async () => {
    service.fault = () => ({ error: 'D1_ERROR: no', applied: false })
    expect(await service.pipeline.submit(sale(1), caller)).toEqual({
      outcome: { kind: 'unavailable' },
      found: null,
    })
  })
})
