/** @module Entries that earlier versions wrote, kept for good: every later version reads them as they were meant. */

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { posMessageKey } from '../../../src/domain/message-key.ts'
import { CODED_KINDS, REASON_CODES } from '../../../src/store/entry/codes.ts'
import type { EntryColumns, EntryContext, StoredEntry } from '../../../src/store/entry/columns.ts'
import {
  decodeEntry,
  describeEntry,
  ENTRY_FORMAT,
  encodeEntry,
  STORED_KINDS,
} from '../../../src/store/entry/entry.ts'
import { ENTRY_TABLES } from '../../../src/store/entry/tables.ts'
import { MID, TID } from '../../domain/fixtures.ts'
import { codedForms, PAGE, withTables } from './page.ts'

const FOLDER = 'test/store/fixtures'

interface Fixture {
  readonly name: string
  readonly columns: EntryColumns
  readonly context: EntryContext
  readonly body: string
  /** Without the columns. */
  readonly entry: Omit<StoredEntry, keyof EntryColumns>
}

const jsonOf = <T>(path: string): T => JSON.parse(readFileSync(`${FOLDER}/${path}`, 'utf8')) as T

const kept = readdirSync(FOLDER)
  .filter((name) => /^journal-\d+$/.test(name))
  .flatMap((folder) =>
    readdirSync(`${FOLDER}/${folder}`).map((file) => ({
      format: Number(folder.slice('journal-'.length)),
      kind: file.replace('.json', ''),
      fixtures: jsonOf<Fixture[]>(`${folder}/${file}`),
    })),
  )

const all = kept.flatMap(({ format, kind, fixtures }) =>
  fixtures.map((fixture) => ({ ...fixture, format, kind, title: `${format} ${kind}: ${fixture.name}` })),
)

it('are there for every kind in the format of this version', () => {
  const kinds = kept.filter(({ format }) => format === ENTRY_FORMAT).map(({ kind }) => kind)
  expect(kinds.toSorted()).toEqual([...STORED_KINDS].sort())
  expect(kept.filter(({ fixtures }) => fixtures.length === 0)).toEqual([])
})

describe.each(all)('$title', ({ format, kind, columns, context, body, entry }) => {
  it('reads as it was meant', () => {
    expect((JSON.parse(body) as unknown[]).slice(0, 2)).toEqual([format, CODED_KINDS.codes?.indexOf(kind)])
    expect(decodeEntry(columns, body, context)).toEqual({ ...entry, ...columns })
  })

  it('has a description', () => {
    expect(describeEntry(columns, body, context)).toMatchObject({ format, kind, at: entry.at })
  })

  it.runIf(format === ENTRY_FORMAT)('is written as it was', () => {
    const { batchChange, ...effects } = entry.effects
    const NONE = { debitAmount: 0, debitCount: 0, creditAmount: 0, creditCount: 0 }
    const before =
      batchChange === undefined
        ? null
        : { ...NONE, batchNumber: batchChange.batchNumber, state: 'open' as const }
    const batch = batchChange === undefined ? {} : { batch: batchChange }
    const draft = { ...entry, terminalId: columns.terminalId, messageKey: columns.messageKey }
    expect(
      encodeEntry({ ...draft, effects: { ...effects, ...batch } }, { rrn: columns.rrn, before, ...context }),
    ).toBe(body)
  })
})

it('every member of every table is in a fixture, or has its derived value in one', () => {
  const text = JSON.stringify(all.map(({ entry }) => entry))
  const hidden = ['follows', 'utcOffset', 'settlesIn', 'others']
  const absent = ENTRY_TABLES.flatMap(({ name, lines }) =>
    lines
      .filter((line) => !hidden.includes(line.name) && !text.includes(`"${line.name}":`))
      .map((line) => `${name}.${line.name}`),
  )
  // Fields that the virtual terminal does not send. The round trip of random entries has them.
  expect(absent).toEqual(['fields.12', 'fields.13', 'fields.15', 'fields.26', 'fields.53'])
})

it('codes never change: names are only added at the end', () => {
  const pinned = jsonOf<Record<string, string[]>>('codes-2.json')
  const codes = Object.fromEntries(codedForms().map(({ name, codes: names = [] }) => [name, names]))
  expect(Object.keys(codes).toSorted()).toEqual(Object.keys(pinned).toSorted())
  for (const [name, names] of Object.entries(pinned))
    expect([name, codes[name]?.slice(0, names.length)]).toEqual([name, names])
})

it('response codes of format 2 never change, whatever a reason gets later', () => {
  const pinned = jsonOf<Record<string, string>>('response-codes-2.json')
  expect(REASON_CODES).toMatchObject(pinned)
})

it('tables never change: members are only added at the end, each with a new bit', () => {
  const pinned = jsonOf<Record<string, [string, number][]>>('bits-2.json')
  for (const [table, members] of Object.entries(pinned)) {
    const lines = ENTRY_TABLES.find(({ name }) => name === table)?.lines ?? []
    const found = lines.map(({ name, bit }) => [name, bit])
    expect([table, found.slice(0, members.length)]).toEqual([table, members])
    expect(found.slice(members.length).filter(([, bit]) => bit === 0)).toEqual([])
  }
})

it('docs/journal.md has the tables of the code (npm run docs)', () => {
  const page = readFileSync(PAGE, 'utf8')
  expect(withTables(page)).toBe(page)
})

it('docs/journal.md shows a body that reads as a void', () => {
  const body = /^ {4}(\[2,.*)$/m.exec(readFileSync(PAGE, 'utf8'))?.[1] ?? ''
  const messageKey = posMessageKey({ terminalId: TID, batchNumber: '000001', stan: '000003' }, 'void')
  const entry = decodeEntry({ terminalId: TID, seq: 3, messageKey, rrn: '517283940561' }, body, {
    base: null,
    merchantId: MID,
  })
  expect(entry).toMatchObject({
    kind: 'void',
    request: { '4': '000000003200', '11': '000003', '37': '092097057760', '61': '000001000002' },
    answer: { rrn: '517283940561', authorizationCode: '794564' },
    effects: {
      voidRecord: { amount: 3200, stan: '000003', originalRrn: '092097057760', state: 'approved' },
      batchChange: { batchNumber: '000001', creditAmount: 3200, creditCount: 1, debitCount: 0 },
    },
  })
})
