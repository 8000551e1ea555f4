/** @module Days one after another: sign-on with new keys, acts in any order, the settlement, and the night. */

import { expect } from 'vitest'
import { field48Of, type OwnItem, type OwnTotals, ownTotals } from '../support/own-terminal/book.ts'
import { settleOwn } from '../support/own-terminal/settlement.ts'
import { ALWAYS, SOMETIMES } from './acts.ts'
import { compareBooks } from './books.ts'
import type { Day } from './day.ts'
import type { LineFault } from './site.ts'

const DAY_MS = 86_400_000
/** Hours of China, in milliseconds of a day of UTC. */
const MORNING_MS = 1_800_000
const AFTER_CUT_OFF_MS = 15.5 * 3_600_000
const AFTER_MIDNIGHT_MS = 16.2 * 3_600_000

export interface Extent {
  /** Acts of the first day beside those of every day. */
  readonly some: number
  /** One day in so many goes on over midnight. */
  readonly nights: number
  /** Whether the second day has sales and a settlement too. */
  readonly isWhole: boolean
}

/**
 * Lives a day, and begins another one, in which the sales of the first cannot be voided any more. Expects equal books after each. The
 * acts of the first day begin with number `first`.
 */
export async function liveDays(day: Day, first: number, { some, nights, isWhole }: Extent): Promise<void> {
  await signOnForTheDay(day)
  const others = Object.entries(SOMETIMES)
  const chosen = Array.from({ length: some }, (_, at) => others[(first + at) % others.length] ?? others[0])
  for (const entry of shuffled(day, [...Object.entries(ALWAYS), ...chosen])) {
    const [name, act] = entry ?? ['', async () => {}]
    await act(day).catch((error) => {
      const why = error instanceof Error ? error.message : error
      throw new Error(`${name}: ${why}; not believed: ${day.terminal.faults.join()}`, { cause: error })
    })
  }
  if (day.random.below(nights) === 0) await stayLate(day)
  const isDropped = day.random.below(2) === 1
  const sales = await settleTheDay(day, isDropped)
  nextMorning(day)
  await signOnForTheDay(day)
  await day.refused('12', day.one(sales))
  if (isWhole) {
    await day.voided(await day.sold())
    await reverseTooLate(day, day.one(sales))
    await settleTheDay(day, !isDropped)
    await settleNothing(day)
    nextMorning(day)
  }
  expect(day.terminal.faults).toEqual([])
}

function shuffled<T>({ random }: Day, items: T[]): T[] {
  const left = [...items]
  return items.map(() => left.splice(random.below(left.length), 1)[0] as T)
}

async function signOnForTheDay({ terminal, site, random }: Day): Promise<void> {
  const before = terminal.macKey
  if (random.below(3) === 0) site.faults.push('answer')
  const batch = terminal.batch
  await terminal.signOn()
  expect(terminal.batch).toBe(batch)
  expect(terminal.macKey).not.toEqual(before)
}

/**
 * The settlement: with `isDropped` a person deletes a reversal before it, so totals differ and items are uploaded. Expects equal books, and
 * returns the sales of the batch.
 */
async function settleTheDay(day: Day, isDropped: boolean): Promise<OwnItem[]> {
  const { terminal, site } = day
  if (isDropped) {
    await day.lostSale('answer')
    terminal.dropPending()
  }
  site.faults.push(...(day.one(FAULTS_OF_SETTLEMENTS) ?? []))
  const { batch } = terminal
  const ours = terminal.counted()
  const dropped = terminal.book.filter((item) => item.batch === batch && item.state === 'dropped')
  const settled = await settleOwn(terminal)
  site.faults.length = 0
  const code = isDropped ? '2' : '1'
  expect(settled.code).toBe(`${code}1`)
  expect(settled.theirs).toBe(`${field48Of(ownTotals([...ours, ...dropped]), code).slice(0, -1)}1`)
  expect(settled.uploads > 0).toBe(isDropped)
  await expectDifference(day, batch, dropped)
  await compareBooks(day)
  return ours.filter(({ kind }) => kind === 'sale')
}

const FAULTS_OF_SETTLEMENTS: readonly (readonly LineFault[])[] = [
  [],
  [],
  ['answer', 'request'],
  ['again', 'again', 'again'],
]

/** A reversal after the settlement is refused, and the terminal keeps it until a person deletes it. */
async function reverseTooLate({ terminal }: Day, sale: OwnItem): Promise<void> {
  expect([await terminal.undo(sale), terminal.pending?.item]).toEqual([false, sale])
  terminal.pending = null
  expect(sale.state).toBe('approved')
}

/** Without a MAC, a batch without a message stays open. The sign-on tells which one is open. */
async function settleNothing(day: Day): Promise<void> {
  const { terminal } = day
  const { batch } = terminal
  const { code } = await settleOwn(terminal)
  expect(code).toBe('11')
  const next = terminal.batch
  await terminal.signOn()
  expect(terminal.batch).toBe(terminal.settings.settlesWithMac ? next : batch)
  await compareBooks(day)
}

interface ListedBatch {
  readonly batchNumber: string
  readonly difference: OwnTotals
}

/** The list of differences has what a person deleted, and nothing else. */
async function expectDifference({ site, terminal }: Day, batch: string, dropped: OwnItem[]): Promise<void> {
  const path = `/v1/batch-differences?merchantId=${terminal.settings.merchantId}`
  const { items } = await site.json('GET', path, undefined, [200])
  const found = (items as ListedBatch[]).filter(({ batchNumber }) => batchNumber === batch)
  const lacking = ownTotals(dropped)
  const expected = {
    debitAmount: -lacking.debitAmount,
    debitCount: -lacking.debitCount,
    creditAmount: 0,
    creditCount: 0,
  }
  expect(found.map(({ difference }) => difference)).toEqual(dropped.length === 0 ? [] : [expected])
}

/** At the cut-off the window of a sale ends. The batch goes on over midnight, under new keys. */
async function stayLate(day: Day): Promise<void> {
  const early = await day.sold()
  waitUntil(day, AFTER_CUT_OFF_MS)
  await day.refused('12', early)
  const late = await day.sold()
  waitUntil(day, AFTER_MIDNIGHT_MS)
  await signOnForTheDay(day)
  await day.voided(late)
}

const nextMorning = (day: Day): void => waitUntil(day, MORNING_MS)

/** The next time at which it is so late. */
function waitUntil({ site }: Day, ofDay: number): void {
  const { clock } = site.service
  const today = DAY_MS * Math.floor(clock.now / DAY_MS) + ofDay
  clock.now = today > clock.now ? today : today + DAY_MS
}
