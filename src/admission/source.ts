/**
 * @module The source of a request, by which admission separates senders. It is an IPv4 address, or the first 64 bits of
 * an IPv6 address, because one subscriber has all addresses behind them (RFC 6177).
 */

/** The longest text of an address (RFC 4291 with an IPv4 tail). */
const LONGEST = 45

/** The source of `address`, the value of CF-Connecting-IP. Empty when it is absent or no address. */
export function sourceOf(address: string | undefined): string {
  if (address === undefined || address.length > LONGEST || !/^[0-9a-fA-F:.]+$/.test(address)) return ''
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const hextets = last.reduce((count, part) => count + (part.includes('.') ? 2 : 1), first.length)
  const zeros = tail === undefined ? 0 : Math.max(8 - hextets, 0)
  const groups = [...first, ...Array<string>(zeros).fill('0'), ...last].slice(0, 4)
  const prefix = groups.map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
  // An IPv4-mapped IPv6 address stands for that IPv4 address.
  return prefix.join(':') === '0:0:0:0' ? address.toLowerCase() : `${prefix.join(':')}::/64`
}
