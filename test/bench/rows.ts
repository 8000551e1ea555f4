/** @module The rows of the bench: each has our way to do something, and others. */

import type { Core } from '../../src/core/instance.ts'
import type { CoreMemory } from '../../src/core/memory.ts'
import { macInput, unpack } from '../../src/iso8583/message.ts'
import { type Entrant, timed } from './alternate.ts'
import { type DuplicateTable, duplicateTables } from './duplicate-tables.ts'
import { iso8583 } from './iso-8583.ts'
import { LIBRARIES } from './libraries.ts'
import { libraryMac } from './library-mac.ts'
import { MAC_ROWS } from './mac-rows.ts'
import { VOIDS } from './messages.ts'
import type { Native } from './native.ts'

export interface Row {
  readonly name: string
  /** Ours is the first. */
  readonly entrants: () => readonly Entrant[]
  /** Names of entrants that this machine does not have. */
  readonly missing?: readonly string[]
  /** A fixed number of operations, instead of a fixed time. A million of them have five rounds. */
  readonly operations?: number
}

export interface Subjects {
  readonly core: Core
  readonly memory: CoreMemory
  /** Undefined when this machine cannot compile it. */
  readonly native: Native | undefined
}

const SIZES = [64, 160, 512]
export const benchKey = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => at * 29 + 3)

/** The input of a void’s MAC, cut or repeated to `size` bytes. */
export const inputsOf = (size: number): readonly Uint8Array[] =>
  VOIDS.map(({ body }) => {
    const input = macInput(body)
    return Uint8Array.from({ length: size }, (_, at) => input[at % input.length] ?? 0)
  })

const at = <T>(list: readonly T[], index: number): T => {
  const item = list[index % list.length]
  if (item === undefined) throw new Error('an empty list')
  return item
}

function macRows({ core, native }: Subjects): Row[] {
  return MAC_ROWS.flatMap((row) =>
    SIZES.map((size) => {
      const key = benchKey(row.keyBytes)
      const inputs = inputsOf(size)
      const macs = inputs.map((input) => core.computeMac(row.algorithm, key, input))
      const entrants = (): Entrant[] => [
        timed('ours', (i) => core.verifyMac(row.algorithm, key, at(inputs, i), at(macs, i))),
        ...LIBRARIES.flatMap((library) => {
          const mac = libraryMac(library, row, key)
          return mac === undefined ? [] : [timed(library.name, (i) => mac(at(inputs, i)))]
        }),
        ...(native === undefined ? [] : [nativeEntrant(native, () => native.prepare(row, key, inputs))]),
      ]
      const name = `verify ${row.algorithm}, ${row.keyBytes}-byte key, ${size} bytes`
      return { name, entrants, missing: native === undefined ? ['OpenSSL'] : [] }
    }),
  )
}

function nativeEntrant(native: Native, prepare: () => void): Entrant {
  prepare()
  return { name: 'OpenSSL', time: (count) => native.time(count) }
}

function codecRows({ core }: Subjects): Row[] {
  const iso = iso8583()
  const missing = iso === undefined ? ['iso_8583'] : []
  const foreign = VOIDS.map(({ message }) => iso?.pack(message) ?? Buffer.of())
  const key = benchKey(16)
  const row = { algorithm: 'x9.19', cipher: 'des', keyBytes: 16 } as const
  const [nodeCrypto] = LIBRARIES
  const foreignMac = nodeCrypto === undefined ? undefined : libraryMac(nodeCrypto, row, key)
  const macs = VOIDS.map(({ body }) => core.computeMac('x9.19', key, macInput(body)))
  return [
    {
      name: 'unpack a void',
      entrants: () => [
        timed('ours', (i) => unpack(at(VOIDS, i).body)),
        ...(iso === undefined ? [] : [timed('iso_8583', (i) => iso.unpack(at(foreign, i)))]),
      ],
      missing,
    },
    {
      name: 'unpack a void and verify x9.19',
      entrants: () => [
        timed('ours', (i) => {
          const { body } = at(VOIDS, i)
          return unpack(body).ok && core.verifyMac('x9.19', key, macInput(body), at(macs, i))
        }),
        timed('our unpack, node:crypto', (i) => {
          const { body } = at(VOIDS, i)
          return unpack(body).ok && foreignMac?.(macInput(body))
        }),
        ...(iso === undefined
          ? []
          : [
              timed('iso_8583, node:crypto', (i) => {
                iso.unpack(at(foreign, i))
                return foreignMac?.(macInput(at(VOIDS, i).body))
              }),
            ]),
      ],
      missing: missing.map((name) => `${name}, node:crypto`),
    },
    {
      name: 'LRC of a frame',
      entrants: () => [
        timed('ours', (i) => core.lrc(at(VOIDS, i).frame)),
        timed('a loop', (i) => {
          let sum = 0
          const { frame } = at(VOIDS, i)
          for (let at = 0; at < frame.length; at++) sum ^= frame[at] ?? 0
          return sum
        }),
      ],
    },
  ]
}

/** Message `number`: a void with other bytes in its STAN and amount. */
function messageOf(number: number): Uint8Array {
  const { frame } = at(VOIDS, number)
  new DataView(frame.buffer, frame.byteOffset).setUint32(40, number)
  return frame
}

/** Fills the table with messages, as a first act of its entrant. */
function filled(make: () => DuplicateTable, messages: number): Entrant {
  const table = make()
  let number = 0
  const enter = () => table.lookupOrInsert(messageOf(number++), 1_000_000 + (number >> 10))
  for (let i = 0; i < messages; i++) enter()
  return timed(table.name, enter)
}

const duplicateRows = ({ core }: Subjects, scale: number): Row[] =>
  [10_000, 1_000_000].map((operations) => ({
    name: `look up and insert, ${operations.toLocaleString('en')} messages`,
    entrants: () => duplicateTables(core).map((make) => filled(make, 2 * scale * core.duplicates.capacity)),
    operations: Math.ceil(operations * scale),
  }))

const boundaryRows = ({ core, memory }: Subjects): Row[] => {
  const key = benchKey(16)
  const inputs = inputsOf(160)
  const macs = inputs.map((input) => core.computeMac('x9.19', key, input))
  const verify = timed('verify x9.19', (i) => core.verifyMac('x9.19', key, at(inputs, i), at(macs, i)))
  const { exports } = memory
  return [
    { name: 'a bare call', entrants: () => [timed('ours', () => exports.lrc(0, 0)), verify] },
    {
      name: 'copy 160 bytes and a key, call, wipe',
      entrants: () => [
        timed('ours', (i) =>
          memory.borrow((loan) => {
            loan.write('KEY', key)
            loan.writeInput(at(inputs, i))
            return loan.calls.lrc(0, 0)
          }),
        ),
        verify,
      ],
    },
  ]
}

/** All rows but the one of memory. `scale`: the part of the fixed numbers of operations that is done. */
export const rowsOf = (subjects: Subjects, scale: number): readonly Row[] => [
  ...codecRows(subjects),
  ...macRows(subjects),
  ...duplicateRows(subjects, scale),
  ...boundaryRows(subjects),
]
