/** @module The figures of docs/scale.md are measured, and nothing that grows is left out of them. */

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { KEYS_QUOTA, TERMINAL_QUOTA } from '../../src/domain/refusal-quota.ts'
import { readDatabaseLimit } from '../../src/store/size.ts'
import { measure, sumOf } from './size.ts'

const PAGE = readFileSync('docs/scale.md', 'utf8')

/** The rows of the table with this head line, as cells. */
function table(head: string): string[][] {
  const after = PAGE.slice(PAGE.indexOf(`${head}\n`) + head.length + 1)
  const lines = after.split('\n').slice(1)
  return lines
    .slice(
      0,
      lines.findIndex((line) => !line.startsWith('|')),
    )
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

const number = (text: string | undefined): number => Number(text?.replaceAll(',', ''))

const measured = { inside: await measure(false), forwarded: await measure(true) }
const both = [measured.inside, measured.forwarded]

/** Each number of a row is within 10 % of what it should be. */
function expectNear(
  what: string,
  documented: readonly (string | undefined)[],
  actual: readonly number[],
): void {
  for (const [i, bytes] of actual.entries()) {
    const share = number(documented[i]) / bytes
    expect(Math.abs(share - 1), `${what}: ${documented[i]}, measured ${Math.round(bytes)}`).toBeLessThan(0.1)
  }
  expect(documented).toHaveLength(actual.length)
}

it('the bytes of each message', () => {
  const expected: Record<string, number[]> = {
    sale: both.map(({ sale }) => sumOf(sale)),
    void: both.map((one) => sumOf(one.void)),
    'sale and its void': both.map((one) => sumOf(one.sale) + sumOf(one.void)),
    'refused void': both.map(({ refusal }) => sumOf(refusal)),
  }
  const rows = table('| message | bytes, acquirer inside | bytes, forwarded |')
  expect(rows.map(([name]) => name)).toEqual(Object.keys(expected))
  for (const [name = '', ...documented] of rows) expectNear(name, documented, expected[name] ?? [])
})

it('a sale and its void stay within their bounds', () => {
  const [inside, forwarded] = both.map((one) => sumOf(one.sale) + sumOf(one.void))
  expect(inside).toBeLessThanOrEqual(1100)
  expect(forwarded).toBeLessThanOrEqual(1600)
})

it('the days that a database lasts', () => {
  const [, sales, voids, refusals] =
    /makes (\d+) sales and (\d+) voids in a day, and (\d+) void is refused/.exec(PAGE)?.map(Number) ?? []
  if (sales === undefined || voids === undefined || refusals === undefined) throw new Error('no day')
  const days = both.map(
    (one) =>
      readDatabaseLimit() /
      (sales * sumOf(one.sale) + voids * sumOf(one.void) + refusals * sumOf(one.refusal)),
  )
  const rows = table('| terminals | days, acquirer inside | days, forwarded |')
  expect(rows.map(([terminals]) => number(terminals))).toEqual([10, 100, 1000])
  for (const [terminals, ...documented] of rows)
    expectNear(
      `${terminals} terminals`,
      documented,
      days.map((one) => one / number(terminals)),
    )
})

it('the quota and the bytes that it lets an attacker write', () => {
  const bytes = Math.max(...both.map(({ refusal }) => sumOf(refusal)))
  const rows = table('| sender | refusals in a UTC day | bytes at most in a day |')
  expect(rows.map(([, quota]) => number(quota))).toEqual([TERMINAL_QUOTA, KEYS_QUOTA, KEYS_QUOTA])
  for (const [sender = '', quota, most] of rows)
    expectNear(sender, [String(Number(most?.replace(' MB', '')) * 1e6)], [number(quota) * bytes])
  const years = (readDatabaseLimit() * 0.7) / (TERMINAL_QUOTA * bytes) / 365
  expect(years).toBeGreaterThan(10)
})

it('a message grows these tables and no other', () => {
  const tables = (sizes: ReadonlyMap<string, number>) => [...sizes.keys()].toSorted()
  expect([
    tables(measured.inside.sale),
    tables(measured.inside.void),
    tables(measured.inside.refusal),
  ]).toEqual([['journal', 'sale'], ['journal', 'void'], ['journal']])
  expect([tables(measured.forwarded.sale), tables(measured.forwarded.void)]).toEqual([
    ['journal', 'sale'],
    ['journal', 'void'],
  ])
})
