/**
 * @module The core's contract for a call: whether it is accepted, where the result is, and which bytes it may
 * write. Key and MAC lengths come from the embedder's own tables, so that the contract accepts what the
 * embedder accepts.
 */

import { CIPHERS } from '../../src/core/cipher.ts'
import { MACS } from '../../src/core/mac.ts'
import type { RegionName } from '../../src/core/memory.ts'
import type { Call } from './program.ts'

/** Bytes from the start of a region. More than its size means all of it. */
export interface Extent {
  readonly name: RegionName
  readonly bytes: number
}

export interface Contract {
  /** A call that is not accepted ends in the trap `unreachable` before it writes. */
  readonly taken: boolean
  /** The writable bytes, without the duplicate table. */
  readonly writes: readonly Extent[]
  /** The place of the result. Its length is what the call returns. */
  readonly output?: Extent
}

/** Bytes after the message that padding may use, and the embedder wipes. */
export const PADDING_BYTES = 16
const WORKING_KEY_BYTES = 32
export const SHORTEST_MAC_BYTES = 4
const LARGEST_LRC_SEED = 255

const macs = new Map(Object.values(MACS).map((spec) => [spec.code, spec]))
const ciphers = new Map(Object.values(CIPHERS).map((spec) => [spec.code, spec]))

const whole = (name: RegionName): Extent => ({ name, bytes: Number.POSITIVE_INFINITY })
const within = (value: number, high: number): boolean => value >= 0 && value <= high
const onlyTaken = (contract: Contract): Contract => (contract.taken ? contract : { taken: false, writes: [] })

function macContract(code: number, keyBytes: number, messageBytes: number, limit: number): Contract {
  const spec = macs.get(code)
  return onlyTaken({
    taken: spec?.keyBytes.includes(keyBytes) === true && within(messageBytes, limit),
    writes: [
      { name: 'INPUT', bytes: messageBytes + PADDING_BYTES },
      ...(['SCHEDULE', 'STATE', 'MAC'] as const).map(whole),
    ],
    output: { name: 'MAC', bytes: spec?.macBytes ?? 0 },
  })
}

/** ECB in place over the first `bytes` of a region with room for `limit`. */
function blocksContract(code: number, keyBytes: number, output: Extent, limit: number): Contract {
  const spec = ciphers.get(code)
  const fits = within(output.bytes, limit) && output.bytes % (spec?.blockBytes ?? 1) === 0
  return onlyTaken({
    taken: spec?.keyBytes.includes(keyBytes) === true && fits,
    writes: [output, whole('SCHEDULE')],
    output,
  })
}

/** `messageLimit`: the longest message, as the module exports it. */
export function contractOf({ operation, args }: Call, messageLimit: number): Contract {
  const [first = 0, second = 0, third = 0, fourth = 0] = args
  switch (operation) {
    case 'computeMac':
      return macContract(first, second, third, messageLimit)
    case 'verifyMac': {
      const { taken, writes, output } = macContract(first, second, third, messageLimit)
      // The length is checked even when the right MAC is there.
      return { taken: taken && fourth >= SHORTEST_MAC_BYTES && fourth <= (output?.bytes ?? 0), writes }
    }
    case 'encrypt':
    case 'decrypt':
      return blocksContract(first, second, { name: 'INPUT', bytes: third }, messageLimit)
    case 'wrapKey':
    case 'unwrapKey':
      return blocksContract(first, second, { name: 'WORKING_KEY', bytes: third }, WORKING_KEY_BYTES)
    case 'keyCheckValue': {
      const bytes = ciphers.get(first)?.blockBytes ?? 0
      return blocksContract(first, second, { name: 'MAC', bytes }, bytes)
    }
    case 'lrc':
      return { taken: within(first, LARGEST_LRC_SEED) && within(second, messageLimit), writes: [] }
    default:
      return { taken: within(first, messageLimit), writes: [] }
  }
}
