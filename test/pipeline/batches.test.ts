/**
 * @module Batches of frames: their trips and queries, as docs/scale.md has them, and the same effects and answers as one frame after
 * another.
 */

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aSale, aVoid, frameOf, installKeys, sendBatch } from './framed.ts'
import { Metered, type Use } from './metered.ts'

const TERMINALS = Array.from({ length: 100 }, (_, i) => String(10_000_001 + i))
const PAGE = readFileSync('docs/scale.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))

let service: Metered
beforeAll(async () => {
  service = new Metered()
  await service.open()
  await service.provision(TERMINALS)
  await installKeys(service, TERMINALS)
})
afterAll(() => service.close())

const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))

/** The row of the table in docs/scale.md has these figures. */
const expectInTable = (work: string, { trips, queries }: Use): void =>
  expect(PAGE.find((row) => row.startsWith(`| ${work} |`))).toBe(
    `| ${work} | ${trips} | ${queries.toLocaleString('en-US')} |`,
  )

/** Sells once for each terminal in the list, and returns the frames of the voids. */
async function voidsOf(terminals: readonly string[], from: number): Promise<Uint8Array<ArrayBuffer>[]> {
  const sales = terminals.map((terminalId, i) => frameOf(aSale({ terminalId, stan: from + i })))
  const { replies } = await sendBatch(service, sales)
  expect(replies.map(({ code }) => code)).toEqual(terminals.map(() => '00'))
  return terminals.map((terminalId, i) =>
    frameOf(
      aVoid({ terminalId, stan: from + 200 + i, of: from + i, rrn: replies[i]?.fields.get(37) ?? '' }),
    ),
  )
}

it('100 voids of 100 terminals take two trips', async () => {
  const voids = await voidsOf(TERMINALS, 1)
  const { replies, use } = await sendBatch(service, voids)
  expect(replies.map(({ code }) => code)).toEqual(times(100, () => '00'))
  console.log(use)
  expectInTable('100 voids of 100 terminals in a batch', use)
})

it('100 voids of one terminal take two trips, and are written in their order', async () => {
  const terminalId = TERMINALS[0] ?? ''
  const voids = await voidsOf(times(100, () => terminalId), 1001)
  const { replies, use } = await sendBatch(service, voids)
  expect(replies.map(({ code }) => code)).toEqual(times(100, () => '00'))
  console.log(use)
  expectInTable('100 voids of one terminal in a batch', use)
})
