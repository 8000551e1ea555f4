/** @module The networks around a source, against masks over whole addresses as numbers. */

import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { networksOf } from '../../src/admission/networks.ts'
import { sourceOf } from '../../src/admission/source.ts'

const namesOf = (address: string) => networksOf(sourceOf(address)).map(({ name }) => name)

it.each([
  ['203.0.113.77', ['203.0.113.77', '203.0.113.0/24']],
  ['2001:db8:1:2ff::9', ['2001:db8:1:2ff::/64', '2001:db8:1:200::/56', '2001:db8:1::/48']],
  ['2001:db8::1', ['2001:db8:0:0::/64', '2001:db8:0:0::/56', '2001:db8:0::/48']],
  ['', []],
  ['not an address', []],
])('%s has %j', (address, names) => {
  expect(namesOf(address)).toEqual(names)
})

/** The 128 bits of an IPv6 address in full form. */
const bitsOf = (hextets: readonly number[]): bigint =>
  hextets.reduce((bits, hextet) => (bits << 16n) | BigInt(hextet), 0n)

it('two IPv6 addresses have a network in common exactly when they share its first 64, 56 or 48 bits', () => {
  const hextets = fc.array(fc.integer({ min: 1, max: 0xffff }), { minLength: 8, maxLength: 8 })
  const flip = fc.option(fc.integer({ min: 0, max: 127 }), { nil: null })
  fc.assert(
    fc.property(hextets, flip, (first, bit) => {
      const bits = bitsOf(first) ^ (bit === null ? 0n : 1n << BigInt(127 - bit))
      const second = first.map((_, i) => Number((bits >> BigInt(112 - 16 * i)) & 0xffffn))
      const [one, other] = [first, second].map((all) => all.map((n) => n.toString(16)).join(':'))
      if (one === undefined || other === undefined) throw new Error('two addresses')
      expect([isIPv6(one), isIPv6(other)]).toEqual([true, true])
      const shared = namesOf(one).map((name, i) => name === namesOf(other)[i])
      const differsBefore = (length: number) => bit !== null && bit < length
      expect(shared).toEqual([64, 56, 48].map((length) => !differsBefore(length)))
    }),
  )
})

it('two IPv4 addresses have a network in common exactly when they share their first 24 bits', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV4(), fc.boolean(), (one, other, isNear) => {
      const second = isNear ? `${one.split('.').slice(0, 3).join('.')}.${other.split('.')[3]}` : other
      expect([isIPv4(one), isIPv4(second)]).toEqual([true, true])
      const prefix = (address: string) => address.split('.').slice(0, 3).join('.')
      expect(namesOf(one)[1] === namesOf(second)[1]).toBe(prefix(one) === prefix(second))
    }),
  )
})
