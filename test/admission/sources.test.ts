/**
 * @module Addresses with unproved messages: when they are slowed, when they are refused, and that each is
 * logged once.
 */

import { describe, expect, it } from 'vitest'
import { LEASE_MS } from '../../src/admission/concurrency-limit.ts'
import { createSources, UNPROVED } from '../../src/admission/sources.ts'

function open() {
  const clock = { now: 1_000_000 }
  const alerts: string[] = []
  const sources = createSources(
    () => clock.now,
    (source) => alerts.push(source),
  )
  const flood = (source: string, times = UNPROVED.burst) => {
    for (let n = 0; n < times; n++) sources.unproved(source)
  }
  const waits = (source: string) => {
    const { waitMs, leave } = sources.enter(source)
    leave()
    return waitMs
  }
  return { clock, alerts, sources, flood, waits }
}

describe('an address without any proved message', () => {
  it('is allowed until its bucket is empty, then at the bucket’s rate', () => {
    const { clock, flood, waits } = open()
    flood('a', UNPROVED.burst - 1)
    expect(waits('a')).toBe(0)
    flood('a', 1)
    expect(waits('a')).toBe(UNPROVED.everyMs)
    clock.now += UNPROVED.everyMs
    expect(waits('a')).toBe(0)
  })

  it('does not block another address', () => {
    const { flood, waits } = open()
    flood('a')
    expect(waits('b')).toBe(0)
  })

  it('raises one alert a minute, however much it sends', () => {
    const { clock, alerts, flood } = open()
    flood('a', 1000)
    flood('b', UNPROVED.burst - 1)
    expect(alerts).toEqual(['a'])
    clock.now += 61_000
    flood('a', 1000)
    expect(alerts).toEqual(['a', 'a'])
  })
})

describe('an address with proved messages', () => {
  it('is allowed one message at a time', () => {
    const { sources, flood } = open()
    sources.proved('a')
    flood('a', 1000)
    const first = sources.enter('a')
    expect(first.waitMs).toBe(0)
    expect(sources.enter('a').waitMs).toBeGreaterThan(0)
    first.leave()
    expect(sources.enter('a').waitMs).toBe(0)
  })

  it('keeps this status for some minutes after the last proof', () => {
    const { clock, sources, flood, waits } = open()
    sources.proved('a')
    clock.now += 11 * 60_000
    flood('a', 1000)
    expect(waits('a')).toBeGreaterThan(0)
    sources.proved('a')
    expect(waits('a')).toBe(0)
  })

  it('does not wait for a vanished message', () => {
    const { clock, sources, flood } = open()
    sources.proved('a')
    flood('a', 1000)
    sources.enter('a')
    clock.now += LEASE_MS - 1
    flood('a', 1000)
    expect(sources.enter('a').waitMs).toBeGreaterThan(0)
    clock.now += 1
    expect(sources.enter('a').waitMs).toBe(0)
  })
})

it('never slows or reports an empty address', () => {
  const { alerts, flood, waits } = open()
  flood('', 1000)
  expect([waits(''), alerts]).toEqual([0, []])
})
