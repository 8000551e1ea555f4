/**
 * @module Batches of packets with a remote acquirer: trips and queries if its answers come at once, and if each comes alone. An invocation at
 * its limit loses no message.
 */

import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type ScriptedAcquirer, scriptedAcquirer, YES } from '../worker/scripted-acquirer.ts'
import { aSale, aVoid, frameOf, installKeys, sendBatch } from './framed.ts'
import { Metered } from './metered.ts'

const TERMINALS = Array.from({ length: 100 }, (_, i) => String(10_000_001 + i))
const ONE = TERMINALS.map(() => TERMINALS[0] ?? '')
const ROW = '| a batch of 100 voids of 100 terminals seen before, forwarded |'

let service: Metered
let acquirer: ScriptedAcquirer
beforeEach(async () => {
  acquirer = scriptedAcquirer()
  service = new Metered()
  await service.open(acquirer.port)
  await service.provision(TERMINALS)
  await installKeys(service, TERMINALS)
})
afterEach(() => service.close())

const codesOf = ({ replies }: Awaited<ReturnType<typeof sendBatch>>) => replies.map(({ code }) => code)
const ALL_APPROVED = TERMINALS.map(() => '00')

const salesOf = (terminals: readonly string[], from = 1) =>
  terminals.map((terminalId, i) => frameOf(aSale({ terminalId, stan: from + i })))

/** Sells, and returns the voids of the sales. */
async function voidsOf(terminals: readonly string[]) {
  const sold = await sendBatch(service, salesOf(terminals))
  expect(codesOf(sold)).toEqual(ALL_APPROVED)
  return terminals.map((terminalId, i) =>
    frameOf(aVoid({ terminalId, stan: 201 + i, of: 1 + i, rrn: sold.replies[i]?.fields.get(37) ?? '' })),
  )
}

/** Each answer comes when the entry of the one before is written, or when that takes too long. */
function answerOneByOne(longestMs = 50): void {
  const entries = () => service.storage.rows<{ n: number }>('select count(*) as n from journal')[0]?.n ?? 0
  let last: Promise<void> = Promise.resolve()
  async function turn(): Promise<void> {
    const before = entries()
    for (let ms = 0; ms < longestMs && entries() === before; ms++) await pause(1)
  }
  const answer = async () => {
    const mine = last
    last = mine.then(turn)
    await mine
    return YES
  }
  acquirer.script = { sale: answer, void: answer }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

it('100 forwarded voids whose answers come at once take the trips of the page', async () => {
  const voids = await voidsOf(TERMINALS)
  const sent = await sendBatch(service, voids)
  expect(codesOf(sent)).toEqual(ALL_APPROVED)
  expect(acquirer.kinds().filter((kind) => kind === 'void')).toHaveLength(100)
  const { trips, queries } = sent.use
  const page = readFileSync('docs/scale.md', 'utf8').split('\n')
  expect(page.find((line) => line.startsWith(ROW))).toBe(`${ROW} ${trips} | ${queries} |`)
})

it.each([
  ['100 terminals', TERMINALS],
  ['one terminal', ONE],
])(
  '100 forwarded voids of %s whose answers come one by one stay within an invocation',
  async (_, terminals) => {
    const voids = await voidsOf(terminals)
    answerOneByOne()
    const { use, ...sent } = await sendBatch(service, voids)
    expect(codesOf({ use, ...sent })).toEqual(ALL_APPROVED)
    expect(use.trips).toBeGreaterThan(100)
    expect(use.queries).toBeLessThan(990)
  },
)

it('at the limit of the invocation a message without an answer is at the acquirer once, and has its answer later', async () => {
  const sales = salesOf(TERMINALS)
  answerOneByOne(10)
  service.limit = 200
  const first = codesOf(await sendBatch(service, sales))
  const answered = first.filter((code) => code === '00').length
  expect(answered).toBeGreaterThan(5)
  expect(answered).toBeLessThan(60)
  expect(first.filter((code) => code === 'silence')).toHaveLength(100 - answered)
  const claims = service.storage.rows(
    'select message_key from journal where substr(message_key, 21) = ?',
    's',
  )
  expect(claims).toHaveLength(100)
  const sent = acquirer.requests.filter(({ kind }) => kind === 'sale')
  expect(new Set(sent.map(({ acquirerStan, terminalId }) => `${terminalId} ${acquirerStan}`)).size).toBe(100)
  service.limit = Number.POSITIVE_INFINITY
  acquirer.script = {}
  // A run of the cron that may not wait makes six tries.
  for (let n = 0; n < 16; n++) await service.recover(5_000)
  const again = codesOf(await sendBatch(service, sales))
  expect(again).toEqual(ALL_APPROVED)
  expect(service.storage.rows('select * from sale')).toHaveLength(100)
})
