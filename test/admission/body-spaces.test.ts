/**
 * @module The spaces for bodies: terminals, known keys and unknown keys do not take from each other. An address, the
 * networks around it and a key have shares. A full one raises an alert.
 */

import { describe, expect, it } from 'vitest'
import { GIVE_WAY_MS, LEAST_BYTES } from '../../src/admission/body-space.ts'
import {
  ADDRESS_SPACE,
  type BodySender,
  createBodySpaces,
  KEY_SPACE,
  OTHER_SHARE,
  SPACES,
} from '../../src/admission/body-spaces.ts'

function open() {
  const clock = { now: 1_000_000 }
  const alerts: object[] = []
  const spaces = createBodySpaces(
    () => clock.now,
    (owner) => alerts.push(owner),
  )
  /** Enters up to `times` bodies. Returns how many were taken. */
  const fill = (senderOf: (n: number) => BodySender, times = 5000): number => {
    let taken = 0
    for (let n = 0; n < times; n++) if (spaces.enter(senderOf(n)) !== undefined) taken++
    return taken
  }
  return { clock, alerts, spaces, fill }
}

const bodies = (bytes: number) => Math.floor(bytes / LEAST_BYTES)
/** A different IPv4 network for each number. */
const anySource = (n: number) => `${n >> 8}.${n & 255}.0.1`

const fromTerminal = (source: string): BodySender => ({ space: 'terminal', priority: 'undo', source })
const fromUnknown = (source: string, priority: 'undo' | 'other' = 'undo'): BodySender => ({
  space: 'unknown',
  priority,
  source,
})
const fromKnown = (credential: string, priority: 'undo' | 'other' = 'undo'): BodySender => ({
  space: 'known',
  priority,
  credential,
})

describe('no space takes from another', () => {
  const senders = {
    terminal: (n: number) => fromTerminal(anySource(n)),
    unknown: (n: number) => fromUnknown(anySource(n)),
    known: (n: number) => fromKnown(`key ${n}`),
  }
  const names = ['terminal', 'unknown', 'known'] as const
  it.each(names)('when bodies of %s fill theirs from everywhere', (flooded) => {
    const { alerts, fill } = open()
    expect(fill(senders[flooded])).toBe(bodies(SPACES[flooded]))
    for (const other of names.filter((name) => name !== flooded))
      expect(fill(senders[other])).toBe(bodies(SPACES[other]))
    expect(alerts).toEqual(expect.arrayContaining(names.map((space) => ({ space }))))
  })

  it('and all together have eight MiB', () => {
    expect(SPACES.terminal + SPACES.known + SPACES.unknown).toBe(8 * 1024 * 1024)
  })
})

describe.each([
  ['terminal', fromTerminal],
  ['unknown', fromUnknown],
] as const)('one sender in the space %s', (space, sender) => {
  const { address, site, network } = ADDRESS_SPACE[space]

  it('has the share of its address, with 512 sockets, and others have the rest', () => {
    const { alerts, fill } = open()
    expect(fill(() => sender('203.0.113.7'), 512)).toBe(Math.min(bodies(address), 512))
    expect(alerts).toEqual([{ source: '203.0.113.7' }])
    expect(fill((n) => sender(anySource(n)))).toBe(bodies(SPACES[space]) - bodies(address))
  })

  it('has no more with all addresses of its network', () => {
    const v4 = open()
    expect(v4.fill((n) => sender(`203.0.113.${n % 256}`))).toBe(bodies(network))
    const v6 = open()
    expect(v6.fill((n) => sender(`2001:db8:1:2${(n % 256).toString(16).padStart(2, '0')}::/64`))).toBe(
      bodies(site),
    )
    expect(v6.fill((n) => sender(`2001:db8:1:${(n % 60_000).toString(16)}::/64`))).toBe(
      bodies(network) - bodies(site),
    )
    expect(v6.alerts).toContainEqual({ source: '2001:db8:1::/48' })
  })

  it('gives way to a quick one at the same address after half a second', () => {
    const { clock, spaces, fill } = open()
    fill(() => sender('203.0.113.7'))
    clock.now += GIVE_WAY_MS
    const quick = spaces.enter(sender('203.0.113.7'))
    expect(quick).toBeDefined()
    quick?.leave()
  })
})

describe('a known key', () => {
  it('has a share, wherever it sends from, and leaves space to the others', () => {
    const { fill } = open()
    expect(fill(() => fromKnown('one'))).toBe(bodies(KEY_SPACE))
    expect(fill(() => fromKnown('two'))).toBe(bodies(SPACES.known - KEY_SPACE))
  })
})

it.each(['known', 'unknown'] as const)('in the space %s lists leave space to voids', (space) => {
  const { fill } = open()
  const sender = (n: number, priority: 'undo' | 'other') =>
    space === 'known' ? fromKnown(`key ${n}`, priority) : fromUnknown(anySource(n), priority)
  const taken = fill((n) => sender(n, 'other'))
  expect(taken).toBe(bodies(SPACES[space] * OTHER_SHARE))
  expect(fill((n) => sender(n, 'undo'))).toBe(bodies(SPACES[space]) - taken)
})

it('eight slow lists of a whole list leave space for another list, with a known key and with an unknown one', () => {
  const list = 256 * 1024
  const { spaces } = open()
  const slow = Array.from({ length: 8 }, () => spaces.enter(fromUnknown('203.0.113.7', 'other')))
  const lease = slow.filter((body) => body?.hold(list - 1))
  expect(lease.length).toBeLessThan(3)
  for (const sender of [fromKnown('merchant', 'other'), fromUnknown('198.51.100.9', 'undo')])
    expect(spaces.enter(sender)?.hold(list)).toBe(true)
})

it('a sender without an address has the whole space, and never an alert of its own', () => {
  const { alerts, fill } = open()
  expect(fill(() => fromTerminal(''))).toBe(bodies(SPACES.terminal))
  expect(alerts).toEqual([{ space: 'terminal' }])
})
