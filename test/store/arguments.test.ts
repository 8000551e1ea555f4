/** @module D1 takes at most 32 arguments of a function. A row is read as one list of its columns. */

import { readdirSync, readFileSync } from 'node:fs'
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { expect, it } from 'vitest'
import * as acquirerSchema from '../../src/store/acquirer-schema.ts'
import * as archiveSchema from '../../src/store/archive/schema.ts'
import * as batchSchema from '../../src/store/batch-schema.ts'
import * as bucketTable from '../../src/store/bucket-table.ts'
import * as keySchema from '../../src/store/key-schema.ts'
import * as merchantSchema from '../../src/store/merchant-schema.ts'
import { readable } from '../../src/store/rows.ts'
import * as schema from '../../src/store/schema.ts'
import { Storage } from '../simulation/platform/d1.ts'

const tables = [schema, batchSchema, keySchema, merchantSchema, bucketTable, archiveSchema, acquirerSchema]
  .flatMap((one): unknown[] => Object.values(one))
  .filter((one) => is(one, SQLiteTable))

it.each(tables.map((table) => [getTableName(table), table] as const))(
  'a row of %s has at most 32 columns to read',
  (_, table) => {
    expect(Object.keys(readable(table)).length).toBeLessThanOrEqual(32)
  },
)

it('no statement of the store reads a row as an object, which takes two arguments a column', () => {
  const sources = readdirSync('src/store').filter((name) => name.endsWith('.ts'))
  expect(sources.filter((name) => /json_object\(/.test(readFileSync(`src/store/${name}`, 'utf8')))).toEqual(
    [],
  )
})

it('the tables of the database are those of the schema, column by column', () => {
  const storage = new Storage()
  for (const table of tables) {
    const name = getTableName(table)
    const columns = storage
      .rows<{ name: string }>('select name from pragma_table_xinfo(?)', name)
      .map((column) => column.name)
    const declared = Object.values(getTableColumns(table)).map((column) => column.name)
    expect([name, columns.toSorted()]).toEqual([name, declared.toSorted()])
  }
  const inDatabase = storage
    .rows<{ name: string }>(`select name from sqlite_master where type = 'table'`)
    .map(({ name }) => name)
  expect(inDatabase.toSorted()).toEqual(tables.map(getTableName).toSorted())
})
