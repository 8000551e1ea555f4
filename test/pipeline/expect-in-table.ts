/** @module The figures of docs/scale.md, against what a test has measured. */

import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { Use } from './metered.ts'

const ROWS = readFileSync('docs/scale.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))

/** The row of the table in docs/scale.md has these figures. */
export const expectInTable = (work: string, { trips, queries }: Use): void =>
  expect(ROWS.find((row) => row.startsWith(`| ${work} |`))).toBe(
    `| ${work} | ${trips} | ${queries.toLocaleString('en-US')} |`,
  )
