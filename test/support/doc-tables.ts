/** @module Reads the tables of a page in Markdown. */

/** Rows of the first table with the head line `head`, as cells without their backticks. */
export function rowsOfTable(page: string, head: string): string[][] {
  const lines = page.split('\n')
  const at = lines.indexOf(head)
  if (at < 0) throw new Error(`no table "${head}"`)
  const rows = lines.slice(at + 2)
  const end = rows.findIndex((line) => !line.startsWith('|'))
  return rows.slice(0, end < 0 ? undefined : end).map((line) =>
    line
      .slice(1, line.lastIndexOf('|'))
      .split('|')
      .map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1')),
  )
}

export const columnOf = (rows: readonly string[][], n: number): string[] => rows.map((row) => row[n] ?? '')
