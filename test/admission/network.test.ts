/** @module The network of a sender: an IPv4 /24 or an IPv6 /48, and never more of the address. */

import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { networkOf } from '../../src/admission/network.ts'
import { sourceOf } from '../../src/admission/source.ts'

const networkOfAddress = (address: string | undefined) => networkOf(sourceOf(address))

it.each([
  ['203.0.113.77', '203.0.113.0/24'],
  ['0.0.0.0', '0.0.0.0/24'],
  ['255.255.255.255', '255.255.255.0/24'],
  ['2001:db8:1:2::9', '2001:db8:1::/48'],
  ['2001:0DB8:0001:0002:0003:0004:0005:0006', '2001:db8:1::/48'],
  ['2001:db8::1', '2001:db8:0::/48'],
  ['fe80::1', 'fe80:0:0::/48'],
  ['::ffff:203.0.113.77', '203.0.113.0/24'],
  ['::FFFF:203.0.113.77', '203.0.113.0/24'],
  ['::1', '0:0:0::/48'],
])('of %s is %s', (address, network) => {
  expect(networkOfAddress(address)).toBe(network)
})

it.each([undefined, '', 'unknown', '1.2.3', '1.2.3.4.5', '1.2.3.256', '1.2.3.1000', 'abc', ...['12345::1']])(
  'of %s is not known',
  (address) => {
    expect(networkOfAddress(address)).toBeNull()
  },
)

const octet = fc.nat(255)
it('of two IPv4 addresses is the same when their first three octets are', () => {
  fc.assert(
    fc.property(octet, octet, octet, octet, octet, (a, b, c, d, e) => {
      const [one, other] = [networkOfAddress(`${a}.${b}.${c}.${d}`), networkOfAddress(`${a}.${b}.${c}.${e}`)]
      expect(one).toBe(other)
      expect(one).toBe(`${a}.${b}.${c}.0/24`)
    }),
  )
})

it('has at most the first 24 or 48 bits of any address', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
      const network = networkOfAddress(address)
      const [base = '', bits] = network?.split('/') ?? []
      expect(network).not.toBeNull()
      if (bits === '24') expect([isIPv4(base), base.endsWith('.0')]).toEqual([true, true])
      else
        expect([isIPv6(base), base.split(':').length <= 5, base.endsWith('::')]).toEqual([true, true, true])
    }),
  )
})

it('of any text is a network or nothing', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      expect(networkOfAddress(text) ?? '0.0.0.0/24').toMatch(/^[0-9a-f.:]+\/(?:24|48)$/)
    }),
  )
})
