/** @module The end of a batch for tests: settlement, end of an upload, and the entry that closed the batch. */

import { EntryReader } from '../../src/store/replay.ts'
import { journalOf, rows } from './book.ts'
import * as s from './support.ts'
import type { TestTerminal } from './terminal.ts'

export const NONE = { debitAmount: 0, debitCount: 0, creditAmount: 0, creditCount: 0 }

/** The code of the domestic half of field 48 and that of the foreign one. */
export const codesOf = ({ fields }: s.Reply) => `${fields.get(48)?.[30]}${fields.get(48)?.[61]}`
/** A 0500 with a MAC. */
export const settle = (
  terminal: TestTerminal,
  stan: string,
  totals: string,
  batch = '000001',
  attemptOf = {},
) => terminal.send(s.aSettlement({ stan, batch }, totals), attemptOf)
/** A 0320 that ends an upload, with a MAC. */
export const end = (terminal: TestTerminal, code: string, stan: string, batch = '000001', attemptOf = {}) =>
  terminal.send(s.aManagement('0320', code, { stan, batch, more: { 48: '0001' } }), attemptOf)
export const batchesOf = async ({ tid }: TestTerminal) =>
  (await rows('select batch_number, state from batch where terminal_id = ? order by batch_number', tid)).map(
    ({ batch_number, state }) => `${batch_number} ${state}`,
  )
/** The option of a message without a MAC. */
export const UNSIGNED = { key: null }

/** The entry that closed the batch of a terminal. */
export async function closingOf({ tid }: TestTerminal, batch = '000001') {
  const reader = new EntryReader()
  const entries = (await journalOf(tid)).map((row) => reader.open(row))
  const found = entries.find(({ effects }) => effects.closing && effects.batchChange?.batchNumber === batch)
  if (found?.effects.closing === undefined) throw new Error('expected a closed batch')
  return found.effects.closing
}

/** The alerts about a terminal. */
export const alertsOf = ({ tid, isolate }: TestTerminal) =>
  isolate.logged.filter((one) => one.event === 'alert' && one.terminalId === tid)
