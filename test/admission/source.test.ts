/** @module Addresses: one subscriber is one source, in every spelling of its address. */

import { isIPv6, SocketAddress } from 'node:net'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sourceOf } from '../../src/admission/source.ts'

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:0001:2::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['fe80::1:2:3:4', 'fe80:0:0:0::/64'],
  ['64:ff9b::192.0.2.33', '64:ff9b:0:0::/64'],
  ['::ffff:192.0.2.33', '::ffff:192.0.2.33'],
  ['::1', '::1'],
])('%s is source %s', (address, source) => {
  expect(sourceOf(address)).toBe(source)
})

it.each([undefined, '', 'unknown', '203.0.113.7, 198.51.100.1', 'x'.repeat(1000), '1'.repeat(1000)])(
  '%s is not an address',
  (text) => {
    expect(sourceOf(text)).toBe('')
  },
)

it('gives all addresses with the same first 64 bits one source, and others another', () => {
  const hextet = fc.nat({ max: 0xffff })
  const half = fc.tuple(hextet, hextet, hextet, hextet)
  const text = (groups: readonly number[]) => groups.map((group) => group.toString(16)).join(':')
  fc.assert(
    fc.property(half, half, half, half, (net, other, a, b) => {
      fc.pre(net.some((group) => group !== 0))
      const [one, two] = [text([...net, ...a]), text([...net, ...b])]
      expect(isIPv6(one)).toBe(true)
      // In the system’s spelling: shortest, with `::`.
      const shortest = new SocketAddress({ address: one, family: 'ipv6' }).address
      expect(sourceOf(shortest)).toBe(sourceOf(one))
      expect(sourceOf(two)).toBe(sourceOf(one))
      if (text(other) !== text(net)) expect(sourceOf(text([...other, ...a]))).not.toBe(sourceOf(one))
    }),
  )
})
