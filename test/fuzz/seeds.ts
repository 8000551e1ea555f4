/**
 * @module The fuzzers' first inputs: the committed corpus, and inputs from the golden messages and the
 * contract.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { passesLuhn } from '../../src/domain/card-number.ts'
import { buildFrame } from '../../src/iso8583/frame.ts'
import { pack } from '../../src/iso8583/message.ts'
import { xorLrc } from '../../src/iso8583/serial-frame.ts'
import { ELEMENTS } from '../../src/iso8583/spec.ts'
import { isTestCard } from '../../src/terminal/test-cards.ts'
import { goldens } from '../support/iso8583-golden.ts'

const folder = join(import.meta.dirname, '../corpus/fuzz')
const pathOf = (name: string): string => join(folder, `${name}.hex`)

export interface CorpusEntry {
  readonly input: Uint8Array
  /** A description of the input. */
  readonly description: string
}

/** One input per line in hex, then a blank and its description. */
export const readEntries = (name: string): CorpusEntry[] =>
  readFileSync(pathOf(name), 'utf8')
    .split('\n')
    .filter((line) => /^[0-9A-F]/.test(line))
    .map((line) => {
      const [hex = ''] = line.split(' ', 1)
      return { input: Uint8Array.from(Buffer.from(hex, 'hex')), description: line.slice(hex.length + 1) }
    })

export const readCorpus = (name: string): Uint8Array[] => readEntries(name).map(({ input }) => input)

const HEAD = '# Inputs in hex, each with a description; written by npm run test:fuzz -- --write-corpus.'

export function writeCorpus(
  name: string,
  inputs: readonly Uint8Array[],
  show: (input: Uint8Array) => string,
): void {
  const lines = inputs
    .filter(holdsNoCard)
    .map((input) => `${Buffer.from(input).toString('hex').toUpperCase()} ${show(input)}`)
  const sorted = lines.toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1))
  writeFileSync(pathOf(name), `${[HEAD, ...sorted].join('\n')}\n`)
}

/** No number in the form of field 2 that a changed digit turned into a real card number. */
function holdsNoCard(input: Uint8Array): boolean {
  const hex = Buffer.from(input).toString('hex')
  const numbers = [...hex.matchAll(/(?=16([3-6]\d{15})|19([3-6]\d{18}))/g)].map(
    ([, of16, of19]) => of16 ?? of19 ?? '',
  )
  return numbers.every((number) => isTestCard(number) || !passesLuhn(number))
}

const CARD = '6225000000000014'

/** Each transaction with a card number in every field that is long enough. */
const goldensWithCards = (): Uint8Array[] =>
  goldens
    .filter(({ canonical }) => canonical)
    .map(({ mti, fields }) => {
      const cards = ELEMENTS.filter(
        ({ number, max }) => max >= CARD.length && ![60, 61, 62, 64].includes(number),
      ).map(
        ({ number, format }) =>
          [number, format === 'b' ? Buffer.from(CARD).toString('hex').toUpperCase() : CARD] as const,
      )
      return pack({ mti, fields: new Map([...fields, ...cards]) })
    })

/** Every golden message without a frame, in its frame, and in a serial frame. */
export const goldenInputs = (): Uint8Array[] => [
  ...goldensWithCards(),
  ...goldens.flatMap(({ tpdu, header, body }) => {
    const envelope = [
      tpdu.length === 5 ? tpdu : Uint8Array.of(0x60, 0, 3, 0, 0),
      header.length === 6 ? header : new Uint8Array(6),
    ] as const
    return [
      body,
      buildFrame('tpdu', ...envelope, body, xorLrc),
      buildFrame('serial', ...envelope, body, xorLrc),
    ]
  }),
]
