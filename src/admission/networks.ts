/**
 * @module The networks of a source. An attacker has many addresses of one network. So a count by address counts by its
 * networks too. They are an IPv4 /24, or an IPv6 /56 and /48, as one customer has them (RFC 6177).
 */

import { createRecent } from '../domain/recent.ts'
import { networkOf } from './network.ts'

/** From narrow to wide. An IPv4 address has no `site`. */
export type Width = 'address' | 'site' | 'network'

export interface Network {
  /** As `203.0.113.7`, `203.0.113.0/24`, `2001:db8:1:2ff::/64`, `2001:db8:1:200::/56` or `2001:db8:1::/48`. */
  readonly name: string
  readonly width: Width
}

/** Each message uses the networks of its source several times. */
const lately = createRecent<readonly Network[]>(1024)

/** The source itself and the networks around it, the narrowest first. Empty for an empty source, which is no address. */
export function networksOf(source: string): readonly Network[] {
  const known = lately.get(source)
  if (known !== undefined) return known
  const networks = source === '' ? [] : around(source)
  lately.set(source, networks)
  return networks
}

function around(source: string): readonly Network[] {
  const site = siteOf(source)
  const network = networkOf(source)
  return [
    { name: source, width: 'address' },
    ...(site === undefined ? [] : [{ name: site, width: 'site' } as const]),
    ...(network === null ? [] : [{ name: network, width: 'network' } as const]),
  ]
}

/** The /56 around an IPv6 /64, as `sourceOf` writes it. */
function siteOf(source: string): string | undefined {
  const [, head, last] = /^([0-9a-f]+:[0-9a-f]+:[0-9a-f]+):([0-9a-f]+)::\/64$/.exec(source) ?? []
  if (head === undefined || last === undefined) return undefined
  return `${head}:${(Number.parseInt(last, 16) & 0xff00).toString(16)}::/56`
}
