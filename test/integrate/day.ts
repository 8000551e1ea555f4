/** @module A terminal's day with the real service: everything that docs/integrate/samples shows. */

import { loadCore } from '../../src/cli/lib/core.ts'
import type { Message } from '../../src/iso8583/message.ts'
import { saleRequest, voidRequest } from '../../src/terminal/messages.ts'
import { findEntry, type LogEntry, takeStan } from '../../src/terminal/state.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { EXAMPLE_TMK } from './mac-examples.ts'
import { RecordedTerminal, Recorder, type Sample, type TerminalOptions } from './recorder.ts'
import { openService } from './service.ts'

export const TERMINAL: TerminalOptions = {
  terminalId: '12345678',
  tmk: EXAMPLE_TMK,
  macProfile: 'cup-ecb',
}

/** Its refusals are worded in English. */
export const SM4_TERMINAL: TerminalOptions = {
  terminalId: '00000006',
  tmk: '0123456789ABCDEFFEDCBA9876543210',
  macProfile: 'cup-sm4',
  settings: { textEncoding: 'ascii' },
}

const CARD = testCard(1)
const OTHER_CARD = testCard(2)

const withFields = (
  { mti, fields }: Message,
  changes: Readonly<Record<number, string | undefined>>,
): Message => {
  const changed = new Map(fields)
  for (const [number, value] of Object.entries(changes)) {
    if (value === undefined) changed.delete(Number(number))
    else changed.set(Number(number), value)
  }
  return { mti, fields: new Map([...changed].sort(([a], [b]) => a - b)) }
}

/** A day in its parts; each leaves the terminal where the next one starts. */
class Day {
  readonly recorder: Recorder
  readonly pos: RecordedTerminal

  constructor(recorder: Recorder) {
    this.recorder = recorder
    this.pos = new RecordedTerminal(recorder, TERMINAL)
  }

  next(name: string, what: string): void {
    this.recorder.next(name, what)
  }

  /** A new sale or void that is not added to the terminal's log. */
  entry(kind: LogEntry['kind'], amount: number, more: Partial<LogEntry> = {}): LogEntry {
    const { state } = this.pos
    const { batchNumber } = state
    return { kind, batchNumber, stan: takeStan(state), amount, pan: CARD, status: 'unanswered', ...more }
  }

  saleOf(stan: string): LogEntry {
    const sale = findEntry(this.pos.state, stan)
    if (sale === undefined) throw new Error(`no sale ${stan}`)
    return sale
  }

  sale(amount: number): Message {
    return saleRequest(this.pos.state, this.entry('sale', amount))
  }

  voidOf(sale: LogEntry): Message {
    const entry = this.entry('void', sale.amount, { originalStan: sale.stan })
    return voidRequest(this.pos.state, entry, sale)
  }
}

async function morning(day: Day): Promise<void> {
  const { pos } = day
  day.next('sign-on', 'The terminal signs on. The answer holds its working keys and the open batch.')
  await pos.terminal.signOn()
  day.next('sale', 'A sale of 12.34.')
  await pos.terminal.sale(1234, CARD)
  day.next('sale', 'A sale of 88.00.')
  await pos.terminal.sale(8800, CARD)
  day.next('void', 'The void of the first sale (STAN 000002).')
  await pos.terminal.voidSale('000002')
  day.next('void-repeated', 'The same bytes as sample 04. The answer is the same, byte for byte.')
  const sent = day.recorder.samples.at(-1)
  if (sent !== undefined) await pos.terminal.resend(sent.request)
}

async function refusedVoids(day: Day): Promise<void> {
  const { pos } = day
  const voided = day.saleOf('000002')
  const standing = day.saleOf('000003')
  day.next('void-of-voided-sale', 'A second void of the first sale, under a new STAN.')
  await pos.send(day.voidOf(voided), { mac: 'right' })
  day.next('void-of-unknown-sale', 'A void of a sale that does not exist (STAN 000999).')
  await pos.send(
    withFields(day.voidOf(standing), { 37: '000000000000', 38: undefined, 61: '000001000999' }),
    {
      mac: 'right',
    },
  )
  day.next('void-of-other-amount', 'A void of 80.00 of the sale of 88.00.')
  await pos.send(withFields(day.voidOf(standing), { 4: '000000008000' }), { mac: 'right' })
  day.next('void-with-other-card', 'A void with another card than the sale’s.')
  await pos.send(withFields(day.voidOf(standing), { 2: OTHER_CARD }), { mac: 'right' })
}

async function refusedSales(day: Day): Promise<void> {
  const { pos } = day
  day.next('sale-declined', 'A sale of 10.51. The sandbox declines amounts that end in 51.')
  await pos.terminal.sale(1051, CARD)
  day.next('sale-with-used-trace', 'Another sale under the STAN of the first one.')
  await pos.send(withFields(day.sale(500), { 11: '000002' }), { mac: 'right' })
  day.next('sale-with-wrong-mac', 'A sale with a wrong MAC. The header of the answer requires a sign-on.')
  await pos.send(day.sale(700), { mac: 'forged' })
  day.next(
    'sale-of-other-batch',
    'A sale that names batch 000009. The header of the answer requires a sign-on.',
  )
  await pos.send(withFields(day.sale(700), { 60: '2200000900060' }), { mac: 'right' })
  day.next('sale-without-entry-mode', 'A sale without field 22.')
  await pos.send(withFields(day.sale(700), { 22: undefined }), { mac: 'right' })
  day.next('balance-inquiry', 'A transaction that the service does not do.')
  await pos.send(withFields(day.sale(0), { 3: '310000', 60: '0100000100060' }), { mac: 'right' })
  day.next('sale-of-unknown-terminal', 'A sale of a terminal that is not registered.')
  await pos.send(withFields(day.sale(700), { 41: '99999999' }), { mac: 'right' })
}

async function reversals(day: Day): Promise<void> {
  const { pos } = day
  day.next('sale-without-outcome', 'A sale of 20.98. The sandbox does not answer amounts that end in 98.')
  await pos.terminal.sale(2098, CARD)
  day.next('reversal-of-sale', 'The terminal got no answer, so it reverses the sale before anything else.')
  await pos.terminal.reverse()
  day.next('void-answer-lost', 'A void of the second sale. The answer below is lost on its way.')
  pos.losesAnswer = true
  await pos.terminal.voidSale('000003')
  const lost = day.recorder.samples.at(-1)
  day.next('reversal-of-void', 'The terminal reverses the void. The sale stands again.')
  await pos.terminal.reverse()
  const reversal = day.recorder.samples.at(-1)
  day.next('reversal-repeated', 'The same reversal again. The answer is the same, byte for byte.')
  if (reversal !== undefined) await pos.terminal.resend(reversal.request)
  day.next('void-after-its-reversal', 'A late copy of the reversed void. It has no effect.')
  if (lost !== undefined) await pos.terminal.resend(lost.request)
  day.next('void-again', 'A new void of the second sale, under a new STAN.')
  await pos.terminal.voidSale('000003')
}

async function settlement(day: Day): Promise<void> {
  const { pos } = day
  day.next('echo', 'An echo test. It has no STAN and no MAC.')
  await pos.terminal.echo()
  const sale = day.saleOf('000003')
  day.next('settlement', 'The totals agree (code 1), so batch 000001 closes and 000002 opens.')
  day.next('upload-end', 'The end of the settlement after totals that agreed (60.3 = 207).')
  await pos.terminal.settle()
  day.next('void-after-settlement', 'A void of a sale in the closed batch.')
  await pos.send(day.voidOf(sale), { mac: 'right' })
}

async function settlementThatDiffers(day: Day): Promise<void> {
  const { pos } = day
  day.next('sale-in-next-batch', 'A sale of 5.00 in batch 000002.')
  await pos.terminal.sale(500, CARD)
  // The terminal counts a sale that is unknown to the service.
  pos.state.log.push(day.entry('sale', 300, { status: 'approved' }))
  day.next('settlement-differs', 'The totals differ (code 2). The answer holds the service’s own totals.')
  day.next('upload', 'The terminal uploads its items.')
  day.next('upload-end-after-difference', 'The end of the upload (60.3 = 202) closes the batch.')
  await pos.terminal.settle()
  day.next('sign-off', 'The terminal signs off.')
  await pos.terminal.signOff()
}

async function otherForms({ recorder, pos }: Day): Promise<void> {
  recorder.next(
    'echo-in-serial-frame',
    'An echo in the frame of a serial terminal: STX, length, data, ETX, LRC.',
  )
  const echo: Message = {
    mti: '0820',
    fields: new Map([
      [41, pos.options.terminalId],
      [42, pos.state.merchantId],
      [60, `00${pos.state.batchNumber}301`],
    ]),
  }
  await pos.send(echo, { mac: 'none', frame: 'serial' })
  const sm4 = new RecordedTerminal(recorder, SM4_TERMINAL)
  await sm4.provision()
  recorder.next('sm4-sign-on', 'A terminal with SM4 keys signs on (60.3 = 006).')
  await sm4.terminal.signOn()
  recorder.next('sm4-sale', 'Its sale of 12.34.')
  await sm4.terminal.sale(1234, CARD)
  recorder.next('sm4-void', 'The void of that sale.')
  await sm4.terminal.voidSale('000002')
  recorder.next('sm4-sale-declined', 'A declined sale. This terminal has English texts in field 63.')
  await sm4.terminal.sale(1051, CARD)
}

/** The whole day, the same bytes every time. */
export async function runDay(): Promise<readonly Sample[]> {
  const service = await openService()
  try {
    const day = new Day(new Recorder(service, await loadCore()))
    await day.pos.provision()
    const parts = [
      morning,
      refusedVoids,
      refusedSales,
      reversals,
      settlement,
      settlementThatDiffers,
      otherForms,
    ]
    for (const part of parts) await part(day)
    return day.recorder.samples
  } finally {
    service.close()
  }
}
