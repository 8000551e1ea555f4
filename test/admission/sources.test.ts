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

describe('the networks around an address', () => {
  /** Addresses of one network, each with so few messages that it is not slowed itself. */
  const spread = (sourceOf: (n: number) => string) => {
    const opened = open()
    let allowed = 0
    for (let n = 0; n < 2000; n++) {
      if (opened.waits(sourceOf(n)) > 0) continue
      allowed++
      opened.sources.unproved(sourceOf(n))
    }
    return { ...opened, allowed }
  }
  const hex = (n: number) => n.toString(16)

  it.each([
    [
      'an IPv6 /56',
      (n: number) => `2001:db8:1:2${hex(256 + (n % 256)).slice(1)}::/64`,
      '2001:db8:1:200::/56',
      100,
    ],
    ['an IPv6 /48', (n: number) => `2001:db8:1:${hex(n << 4)}::/64`, '2001:db8:1::/48', 200],
    ['an IPv4 /24', (n: number) => `203.0.113.${n % 256}`, '203.0.113.0/24', 200],
  ])('%s is slowed and reported as a whole', (_, sourceOf, network, burst) => {
    const { allowed, alerts, waits } = spread(sourceOf)
    expect([allowed, alerts]).toEqual([burst, [network]])
    expect(waits(sourceOf(1999))).toBeGreaterThan(0)
    expect(waits('198.51.100.9')).toBe(0)
  })

  it('one address alone slows no neighbour, however long it sends', () => {
    const { clock, sources, waits } = open()
    for (let second = 0; second < 200; second++) {
      for (let n = 0; n < 10; n++) if (waits('203.0.113.7') === 0) sources.unproved('203.0.113.7')
      expect(waits('203.0.113.8')).toBe(0)
      clock.now += 1000
    }
  })

  it('with proved callers lets one message through at a time', () => {
    const { sources, waits } = spread((n) => `203.0.113.${n % 256}`)
    sources.proved('203.0.113.99')
    expect(waits('203.0.113.8')).toBe(0)
    const first = sources.enter('203.0.113.8')
    expect([first.waitMs, waits('203.0.113.9') > 0]).toEqual([0, true])
    first.leave()
    expect(waits('203.0.113.9')).toBe(0)
  })
})

it('never slows or reports an empty address', () => {
  const { alerts, flood, waits } = open()
  flood('', 1000)
  expect([waits(''), alerts]).toEqual([0, []])
})
