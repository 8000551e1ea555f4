/** @module The settlement of the own terminal: totals, the upload after different ones, and the next batch (protocol.md §3.8). */

import type { MicroMessage } from '../micro-iso8583.ts'
import { field48Of, type OwnItem, ownTotals } from './book.ts'
import { digitsOf } from './bytes.ts'
import type { Received } from './exchange.ts'
import { DETAILS, detailsOf, managementMessage, settlementMessage } from './messages.ts'
import type { OwnTerminal } from './terminal.ts'

export interface OwnSettlement {
  /** Both codes of field 48: `11` equal, `2` in it different. Or field 39 of a refusal. */
  readonly code: string
  /** Field 48 of the answer, 62 digits. */
  readonly theirs: string
  /** Uploads that were accepted. */
  readonly uploads: number
}

/** Tries of a message of the settlement. */
const TRIES = 4

/** Sends the same message until there is an answer. */
async function sendUntilAnswered(terminal: OwnTerminal, message: MicroMessage): Promise<Received> {
  const { settlesWithMac } = terminal.settings
  for (let tries = 0; tries < TRIES; tries++) {
    const received = await terminal.send(message, settlesWithMac ? terminal.macKey : null)
    if (received.answer !== null) return received
  }
  throw new RangeError(`${message.mti}: no answer`)
}

/** Settles the batch. Throws RangeError when a message of it is refused or not answered. */
export async function settleOwn(terminal: OwnTerminal): Promise<OwnSettlement> {
  if (!(await terminal.reversePending())) throw new RangeError('settlement: a reversal is not answered')
  const { settings, batch } = terminal
  const items = terminal.counted()
  const request = settlementMessage(settings, batch, terminal.takeTrace(), field48Of(ownTotals(items)))
  const { answer, code } = await sendUntilAnswered(terminal, request)
  const theirs = answer?.fields.get(48) ?? ''
  if (answer?.fields.has(39)) return { code, theirs, uploads: 0 }
  const uploads = code.includes('2') ? await upload(terminal, items) : 0
  await accepted(terminal, code.includes('2') ? '202' : '207', digitsOf(items.length, 4))
  terminal.nextBatch()
  return { code, theirs, uploads }
}

/** Chip cards alone, and the others in messages of eight. */
async function upload(terminal: OwnTerminal, items: readonly OwnItem[]): Promise<number> {
  const isChip = ({ card }: OwnItem) => card.entry === 'chip'
  const others = items.filter((item) => !isChip(item))
  let uploads = 0
  for (let at = 0; at < others.length; at += DETAILS) {
    await accepted(terminal, '201', detailsOf(others.slice(at, at + DETAILS)))
    uploads++
  }
  for (const item of items.filter(isChip)) {
    await accepted(terminal, '203', detailsOf([item]))
    uploads++
  }
  return uploads
}

async function accepted(terminal: OwnTerminal, code: string, field48: string): Promise<void> {
  const { settings, batch } = terminal
  const fields = { 11: terminal.takeTrace(), 48: field48 }
  const received = await sendUntilAnswered(terminal, managementMessage(settings, '0320', batch, code, fields))
  if (received.code !== '00') throw new RangeError(`${code}: ${received.code}`)
}
