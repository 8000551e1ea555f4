/**
 * @module The network of a sender, which the journal keeps in place of its address: an IPv4 /24 or an IPv6 /48. A site has
 * such a network, and a person cannot be found by it (RFC 6177, RFC 7721).
 */

/** Hextets of an IPv6 /48. */
const HEXTETS = 3

/** The network of a source, as `sourceOf` returns it: `203.0.113.0/24` or `2001:db8:1::/48`. Null when it is no address. */
export function networkOf(source: string): string | null {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(source)?.[1]
  const address = mapped ?? source
  return address.includes(':') ? ofV6(address) : ofV4(address)
}

function ofV4(address: string): string | null {
  const octets = address.split('.')
  const isSound =
    octets.length === 4 && octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) < 256)
  return isSound ? `${octets.slice(0, 3).map(Number).join('.')}.0/24` : null
}

function ofV6(address: string): string | null {
  const [head = ''] = address.replace(/\/64$/, '').split('::')
  const hextets = head === '' ? [] : head.split(':')
  if (!hextets.every((hextet) => /^[0-9a-f]{1,4}$/.test(hextet))) return null
  const zeros = Array<string>(Math.max(HEXTETS - hextets.length, 0)).fill('0')
  return `${[...hextets, ...zeros].slice(0, HEXTETS).join(':')}::/48`
}
