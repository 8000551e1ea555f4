/**
 * @module A statement reads the members of its rows by name, inside SQL, where the type check does not look. A renamed member
 * would read as null, and its condition would always hold.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { expect, it } from 'vitest'
import * as batchSchema from '../../src/store/batch-schema.ts'
import * as schema from '../../src/store/schema.ts'

const sources = ['store', 'domain'].flatMap((folder) =>
  readdirSync(`src/${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ path: `src/${folder}/${name}`, text: readFileSync(`src/${folder}/${name}`, 'utf8') })),
)

const READS = /item\.value ->> '(\w+)'|\bfield\('(\w+)'\)/g
const reads = sources.flatMap(({ path, text }) =>
  [...text.matchAll(READS)].map(([, inSql, inField]) => ({ path, name: inSql ?? inField ?? '' })),
)

/** Names that a row can have: columns of a table, and members that the code writes or declares. */
const columns = Object.values({ ...schema, ...batchSchema })
  .filter((table) => is(table, SQLiteTable))
  .flatMap((table) => Object.keys(getTableColumns(table)))
const written = sources.flatMap(({ text }) => {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').replace(READS, '')
  return [...code.matchAll(/[{,(\s](?:readonly )?(\w+)\??(?=\s*[:,}])/g)].map(([, name = '']) => name)
})
const known = new Set([...columns, ...written])

it('reads every table', () => {
  const tables = Object.values({ ...schema, ...batchSchema }).filter((table) => is(table, SQLiteTable))
  expect(tables.map(getTableName)).toContain('acquirer_message')
  expect(reads.length).toBeGreaterThan(60)
})

it('finds every name that SQL reads from a row among the members of some row', () => {
  expect(reads.filter(({ name }) => !known.has(name))).toEqual([])
})

it('detects an unknown name', () => {
  expect(known.has('capturedStan')).toBe(true)
  expect(known.has('takenStan')).toBe(false)
})
