/** @module The demo's story: a terminal's day, each step with what it should come to and why. */

import type { Exchange } from '../../terminal/exchange.ts'
import { receipt } from '../../terminal/receipt.ts'
import { totalsOf } from '../../terminal/state.ts'
import { testCard } from '../../terminal/test-cards.ts'
import type { SimulatedAcquirer } from '../acquirer.ts'
import { type DevServer, SEED } from '../dev/server.ts'
import { sentence, verifyJournal } from '../journal.ts'
import type { Database } from '../lib/database.ts'
import type { JsonObject } from '../lib/ndjson.ts'
import { wordsOf } from '../lib/words.ts'
import { type DemoAcquirer, made, openAcquirer } from './acquirer.ts'
import { askJson, untilFinal } from './json.ts'
import type { Screen } from './screen.ts'
import { loseAcquirerResponse } from './silence.ts'

export interface Day {
  readonly server: DevServer
  readonly acquirer: SimulatedAcquirer
  readonly database: Database
  readonly terminalId: string
  readonly screen: Screen
}

const FIRST = { amount: 1234, pan: testCard(1) }
const SECOND = { amount: 5000, pan: testCard(2) }

/** Lives the day; returns how many expectations were not met. */
export async function liveDay(day: Day): Promise<number> {
  const { screen } = day
  const start = performance.now()
  const acquirer = await openAcquirer(day)
  const [first, second] = await openDay(day, acquirer)
  const voided = await voidTwice(day, acquirer, first)
  const lost = await loseAndReverse(day, acquirer, second)
  const voidedAgain = await voidAgain(day, acquirer, second)
  await askInJson(day, rrnOf(voided), lost, rrnOf(voidedAgain))
  await settleDay(day, acquirer)
  await loseAcquirerResponse(day, acquirer.terminal)
  await closeDay(day, acquirer)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  screen.note(
    `${screen.steps} steps in ${seconds} s, ${screen.failures === 0 ? 'all' : `all but ${screen.failures}`} as they should be`,
  )
  return screen.failures
}

/** Sign-on and two sales; the STANs of the sales. */
async function openDay({ screen }: Day, { terminal }: DemoAcquirer): Promise<[string, string]> {
  screen.step('签到', 'Sign-on: new working keys under the master key, the batch number, the clock')
  const signOn = await terminal.signOn()
  screen.expect(
    isApproved(signOn),
    'the check value of every key fits; the keys are pending until a MAC under them verifies',
  )

  screen.step('消费', 'Sale of 12.34')
  const first = made(await terminal.sale(FIRST.amount, FIRST.pan))
  screen.expect(
    isApproved(first),
    'the MAC is right, the batch is the open one, the acquirer behind the service approves it',
  )

  screen.step('消费', 'Sale of 50.00, on another card')
  const second = made(await terminal.sale(SECOND.amount, SECOND.pan))
  screen.expect(isApproved(second), 'as before')
  return [stanOf(first), stanOf(second)]
}

async function voidTwice({ screen }: Day, { terminal }: DemoAcquirer, saleStan: string): Promise<Exchange> {
  screen.step('消费撤销', `Void of the first sale (voucher ${saleStan})`)
  const voided = made(await terminal.voidSale(saleStan))
  screen.expect(
    isApproved(voided),
    'the sale stands, is in the open batch and its window; card, amount, RRN are the sale’s',
  )
  if (voided.received !== null) {
    const year = String(new Date().getFullYear())
    const paper = { merchantName: SEED.merchantName, operator: '01', year, test: true }
    const inLanguage = (language: 'zh' | 'en') =>
      receipt(voided.sent, voided.received ?? voided.sent, paper, language)
    screen.columns(inLanguage('zh'), inLanguage('en'))
  }

  screen.step('重发', 'The same void once more, byte for byte')
  const again = await terminal.resend(voided.request)
  const bytes = voided.answer?.length ?? 0
  screen.expect(
    areEqual(again.answer, voided.answer),
    `byte-identical: the first answer again, all ${bytes} bytes; nothing happened twice`,
  )
  return voided
}

/** Returns the RRN of the void that the terminal never heard of. */
async function loseAndReverse({ screen }: Day, acquirer: DemoAcquirer, saleStan: string): Promise<string> {
  const { terminal } = acquirer
  screen.step('消费撤销', `Void of the second sale (voucher ${saleStan}), whose answer is lost`)
  acquirer.loseNext()
  const lost = made(await terminal.voidSale(saleStan))
  screen.expect(
    lost.outcome === 'unanswered' && terminal.state.pending?.stan === stanOf(lost),
    'the terminal does not know the outcome; it stored the reversal before it sent the void',
  )

  screen.step('冲正', 'Reversal of the void that was not answered')
  const reversal = made(await terminal.reverse())
  screen.expect(isApproved(reversal), 'the void was approved and is undone: the sale stands again')

  screen.step('冲正', 'The same reversal once more')
  const repeated = await terminal.resend(reversal.request)
  screen.expect(areEqual(repeated.answer, reversal.answer), 'byte-identical: it was reversed once')

  screen.step('迟到', 'A late copy of the lost void arrives after its reversal')
  const late = await terminal.resend(lost.request)
  screen.expect(
    wordsOf(late).reason === 'message_reversed',
    'refused, and without effect: what was reversed stays reversed',
  )
  return acquirer.lostRrn()
}

async function voidAgain(day: Day, { terminal, lostRrn }: DemoAcquirer, saleStan: string): Promise<Exchange> {
  const { screen } = day
  screen.step('消费撤销', 'A new void of the second sale, under a new STAN')
  await untilFinal(day, `/v1/voids/${lostRrn()}`)
  screen.note('the reversal has gone on to the acquirer, and the acquirer agrees')
  const voided = made(await terminal.voidSale(saleStan))
  screen.expect(isApproved(voided), 'the sale stood again, so it can be voided')
  return voided
}

async function askInJson({ screen, server }: Day, ...rrns: [string, string, string]): Promise<void> {
  screen.step('查询', 'The voids as a back office sees them, in JSON')
  const expected = ['approved', 'reversed', 'approved']
  for (const [i, rrn] of rrns.entries()) {
    const path = `/v1/voids/${rrn}`
    const { body } = await askJson(server, path)
    screen.note(`GET ${path}`)
    screen.note(JSON.stringify(i === 0 ? body : brief(body)))
    screen.expect(body.status === expected[i] && body.certainty === 'FINAL', `${expected[i]}, FINAL`)
  }
}

/** The members that differ from one void to the next in a way worth reading. */
const brief = ({ status, rrn, originalRrn, reversedAt, certainty, doNext }: JsonObject): JsonObject => ({
  status,
  rrn,
  originalRrn,
  reversedAt,
  certainty,
  doNext,
})

async function settleDay({ screen }: Day, { terminal }: DemoAcquirer): Promise<void> {
  screen.step('结算', 'Settlement: both sides add up')
  const before = terminal.state.batchNumber
  const { debitCount, creditCount } = totalsOf(terminal.state)
  const settled = made(await terminal.settle())
  screen.expect(
    settled.responseCode === '11' && terminal.state.batchNumber !== before,
    `${debitCount} sales in debit, ${creditCount} voids in credit, the reversed void in neither; batch ${before} is closed, ${terminal.state.batchNumber} open`,
  )
}

async function closeDay({ screen, database, terminalId }: Day, { terminal }: DemoAcquirer): Promise<void> {
  screen.step('签退', 'Sign-off')
  screen.expect(isApproved(made(await terminal.signOff())), 'good night')

  screen.step('核对', 'annul journal verify: the hash chain of this terminal')
  for await (const verified of verifyJournal(database, terminalId))
    screen.expect(verified.fault === null && verified.entries > 0, sentence(verified))
}

const isApproved = ({ outcome }: Exchange): boolean => outcome === 'approved'
const stanOf = ({ sent }: Exchange): string => sent.fields.get(11) ?? ''
const rrnOf = ({ received }: Exchange): string => received?.fields.get(37) ?? ''

const areEqual = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a !== null && b !== null && a.length === b.length && a.every((byte, i) => byte === b[i])
