/**
 * @module The messages of test/vectors, each with its frame removed by hand, so that the codec is not its own
 * oracle.
 */

import { readFileSync } from 'node:fs'

export interface Golden {
  readonly id: string
  /** As published: with or without LEN, with or without TPDU and header. */
  readonly input: Uint8Array
  readonly hasLength: boolean
  readonly hasEnvelope: boolean
  readonly tpdu: Uint8Array
  readonly header: Uint8Array
  readonly body: Uint8Array
  readonly mti: string
  readonly bitmap: string
  readonly fields: ReadonlyMap<number, string>
  /** False where `pack` gives other bytes; see `NOT_CANONICAL`. */
  readonly canonical: boolean
}

/**
 * Published bytes that `pack` does not reproduce, and the bytes it gives. The sender aligned field 22 to the
 * right (`0012`), but the protocol aligns it to the left. It then reads as 001 with a non-zero pad nibble 2.
 */
export const NOT_CANONICAL: ReadonlyMap<string, { readonly published: string; readonly packed: string }> =
  new Map([['refund-req-easyapp', { published: '150752001200', packed: '150752001000' }]])

interface PublishedMessage {
  id: string
  mti: string
  bitmap: string
  hex: string
  has_length_prefix: boolean
  has_tpdu_header: boolean
  fields: Record<string, string>
}

interface FlowMessage {
  mti: string
  bitmap: string
  hex: string
  fields: Record<string, string>
  /** Eight characters, which field 64 carries as text. `fields` omits it. */
  mac: string | null
}

const read = <T>(name: string): T =>
  JSON.parse(readFileSync(`${import.meta.dirname}/../vectors/${name}`, 'utf8')).data

export const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase()

function golden(message: PublishedMessage): Golden {
  const input = bytesOf(message.hex)
  const start = message.has_length_prefix ? 2 : 0
  const envelope = message.has_tpdu_header ? 11 : 0
  return {
    id: message.id,
    input,
    hasLength: message.has_length_prefix,
    hasEnvelope: message.has_tpdu_header,
    tpdu: input.subarray(start, start + Math.min(envelope, 5)),
    header: input.subarray(start + Math.min(envelope, 5), start + envelope),
    body: input.subarray(start + envelope),
    mti: message.mti,
    bitmap: message.bitmap,
    fields: new Map(Object.entries(message.fields).map(([number, value]) => [Number(number), value])),
    canonical: !NOT_CANONICAL.has(message.id),
  }
}

const published = read<PublishedMessage[]>('cup-messages.json')
const flow = read<{ messages: Record<string, FlowMessage> }>('cup-flow.json').messages

export const goldens: readonly Golden[] = [
  ...published.map(golden),
  ...Object.entries(flow).map(([id, { fields, mac, ...message }]) =>
    golden({
      ...message,
      id,
      has_length_prefix: true,
      has_tpdu_header: true,
      fields: mac === null ? fields : { ...fields, '64': hexOf(Buffer.from(mac, 'latin1')) },
    }),
  ),
]

export function goldenOf(id: string): Golden {
  const found = goldens.find((golden) => golden.id === id)
  if (found === undefined) throw new RangeError(`no golden message ${id}`)
  return found
}
