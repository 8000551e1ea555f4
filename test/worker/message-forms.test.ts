/** @module The forms of messages in the profile of a terminal: kept, changed one by one, and rebuilt from the journal. */

import { env } from 'cloudflare:workers'
import { beforeAll, expect, it } from 'vitest'
import { USUAL_FORMS } from '../../src/domain/terminal-profile.ts'
import { EntryReader } from '../../src/store/replay.ts'
import { faultOf, journalOf } from './book.ts'
import * as s from './support.ts'

const OTHER_FORMS = {
  texts: 'long',
  padding: 'F',
  entryMode: 'right',
  cardCheck: 'luhn',
  headerLength: 10,
  headerTlv: true,
  voidForms: 'lenient',
} as const

let isolate: s.Isolate
let admin: string
beforeAll(async () => {
  isolate = await s.openIsolate()
  admin = await s.bearerKey(null)
})

const put = async (tid: string, body: object) =>
  (await s.ask(isolate, admin, 'PUT', `/v1/merchants/${s.MID}/terminals/${tid}`, body)).body

it('are the usual ones of a new terminal, and each changes alone', async () => {
  const tid = 'F0000001'
  await s.provision(isolate, {}, { mid: s.MID, tid })
  let forms: object = USUAL_FORMS
  expect(await put(tid, {})).toMatchObject(forms)
  for (const [name, value] of Object.entries(OTHER_FORMS)) {
    forms = { ...forms, [name]: value }
    expect(await put(tid, { [name]: value })).toMatchObject(forms)
    expect(await put(tid, { state: 'active' })).toMatchObject(forms)
  }
  expect(await faultOf(tid)).toBeNull()
  const reader = new EntryReader()
  const entries = (await journalOf(tid)).map((row) => reader.open(row))
  expect(entries.at(-1)?.effects.terminal).toMatchObject(OTHER_FORMS)
  expect(entries.flatMap(({ request }) => ('padding' in request ? [request.padding] : []))).toEqual([
    '[null,"0"]',
    '["0","F"]',
  ])
})

it('of a row that was there before the migration are the usual ones', async () => {
  const { results } = await env.DB.prepare('pragma table_info(terminal)').all<{
    name: string
    dflt_value: string
  }>()
  const defaults = new Map(results.map(({ name, dflt_value }) => [name, dflt_value]))
  const columns = Object.entries({ ...USUAL_FORMS, headerTlv: 0 }).map(([name, value]) => [
    name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`),
    typeof value === 'number' ? String(value) : `'${value}'`,
  ])
  expect(columns.map(([name = '']) => [name, defaults.get(name)])).toEqual(columns)
})
