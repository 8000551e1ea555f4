/** @module The demo's day of a terminal: each step with its expected result and the reason. */

import type { Exchange } from '../../terminal/exchange.ts'
import { receipt } from '../../terminal/receipt.ts'
import { totalsOf } from '../../terminal/state.ts'
import { testCard } from '../../terminal/test-cards.ts'
import type { SimulatedAcquirer } from '../dev/acquirer.ts'
import { type DevServer, SEED } from '../dev/server.ts'
import { sentence } from '../journal.ts'
import { type Database, executeIn } from '../lib/database.ts'
import type { JsonObject } from '../lib/ndjson.ts'
import { keyringFor } from '../lib/open-keyring.ts'
import { readJournal } from '../lib/read-journal.ts'
import { wordsOf } from '../lib/words.ts'
import { requestJson, untilFinal } from './json.ts'
import type { Screen } from './screen.ts'
import { loseAcquirerResponse } from './silence.ts'
import { type DemoTerminal, made, openTerminal } from './terminal.ts'

export interface Day {
  readonly server: DevServer
  readonly acquirer: SimulatedAcquirer
  readonly database: Database
  readonly terminalId: string
  readonly screen: Screen
}

const FIRST = { amount: 1234, pan: testCard(1) }
const SECOND = { amount: 5000, pan: testCard(2) }

/** Runs the day; returns how many checks failed. */
export async function liveDay(day: Day): Promise<number> {
  const { screen } = day
  const start = performance.now()
  const demo = await openTerminal(day)
  const [first, second] = await openDay(day, demo)
  const voided = await voidTwice(day, demo, first)
  const lost = await loseAndReverse(day, demo, second)
  const voidedAgain = await voidAgain(day, demo, second)
  await queryVoids(day, rrnOf(voided), lost, rrnOf(voidedAgain))
  await settleDay(day, demo)
  await loseAcquirerResponse(day, demo.terminal)
  await closeDay(day, demo)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  screen.note(
    `${screen.steps} steps in ${seconds} s, ${screen.failures === 0 ? 'all' : `all but ${screen.failures}`} as expected`,
  )
  return screen.failures
}

/** Sign-on and two sales; the STANs of the sales. */
async function openDay({ screen }: Day, { terminal }: DemoTerminal): Promise<[string, string]> {
  screen.step('签到', 'Sign-on: working keys under the master key, the batch number, the time')
  const signOn = await terminal.signOn()
  screen.expect(
    isApproved(signOn),
    'every key has the right check value; the service uses the new keys after the first valid MAC',
  )

  screen.step('消费', 'Sale of 12.34')
  const first = made(await terminal.sale(FIRST.amount, FIRST.pan))
  screen.expect(isApproved(first), 'the MAC is valid, the batch is open, and the acquirer approves the sale')

  screen.step('消费', 'Sale of 50.00 on another card')
  const second = made(await terminal.sale(SECOND.amount, SECOND.pan))
  screen.expect(isApproved(second), 'approved for the same reasons')
  return [stanOf(first), stanOf(second)]
}

async function voidTwice({ screen }: Day, { terminal }: DemoTerminal, saleStan: string): Promise<Exchange> {
  screen.step('消费撤销', `Void of the first sale (voucher ${saleStan})`)
  const voided = made(await terminal.voidSale(saleStan))
  screen.expect(
    isApproved(voided),
    'the sale is approved, in the open batch and in its window; card, amount and RRN match it',
  )
  if (voided.received !== null) {
    const year = String(new Date().getFullYear())
    const paper = { merchantName: SEED.merchantName, operator: '01', year, test: true }
    const inLanguage = (language: 'zh' | 'en') =>
      receipt(voided.sent, voided.received ?? voided.sent, paper, language)
    screen.columns(inLanguage('zh'), inLanguage('en'))
  }

  screen.step('重发', 'The terminal sends the same void again, byte for byte')
  const again = await terminal.resend(voided.request)
  const bytes = voided.answer?.length ?? 0
  screen.expect(
    areEqual(again.answer, voided.answer),
    `the service returns the first response again, the same ${bytes} bytes; the sale is voided once`,
  )
  return voided
}

/** Returns the RRN of the void whose response the terminal never receives. */
async function loseAndReverse({ screen }: Day, demo: DemoTerminal, saleStan: string): Promise<string> {
  const { terminal } = demo
  screen.step('消费撤销', `Void of the second sale (voucher ${saleStan}); the response is lost`)
  demo.loseNext()
  const lost = made(await terminal.voidSale(saleStan))
  screen.expect(
    lost.outcome === 'unanswered' && terminal.state.pending?.stan === stanOf(lost),
    'the terminal does not know the outcome; it stored a reversal before it sent the void',
  )

  screen.step('冲正', 'The terminal reverses the void')
  const reversal = made(await terminal.reverse())
  screen.expect(isApproved(reversal), 'the void was approved and is now reversed: the sale is approved again')

  screen.step('冲正', 'The terminal sends the same reversal again')
  const repeated = await terminal.resend(reversal.request)
  screen.expect(
    areEqual(repeated.answer, reversal.answer),
    'the service returns the first response again; the void is reversed once',
  )

  screen.step('迟到', 'A late copy of the void arrives after its reversal')
  const late = await terminal.resend(lost.request)
  screen.expect(
    wordsOf(late).reason === 'message_reversed',
    'declined without effect: the void stays reversed',
  )
  return demo.lostRrn()
}

async function voidAgain(day: Day, { terminal, lostRrn }: DemoTerminal, saleStan: string): Promise<Exchange> {
  const { screen } = day
  screen.step('消费撤销', 'A new void of the second sale, with a new STAN')
  await untilFinal(day, `/v1/voids/${lostRrn()}`)
  screen.note('the acquirer has confirmed the reversal')
  const voided = made(await terminal.voidSale(saleStan))
  screen.expect(isApproved(voided), 'the sale was approved again, so it can be voided')
  return voided
}

async function queryVoids({ screen, server }: Day, ...rrns: [string, string, string]): Promise<void> {
  screen.step('查询', 'A back office queries the three voids by the JSON API')
  const expected = ['approved', 'reversed', 'approved']
  for (const [i, rrn] of rrns.entries()) {
    const path = `/v1/voids/${rrn}`
    const { body } = await requestJson(server, path)
    screen.note(`GET ${path}`)
    screen.note(JSON.stringify(i === 0 ? body : brief(body)))
    screen.expect(body.state === expected[i] && body.certainty === 'FINAL', `${expected[i]}, FINAL`)
  }
}

/** The members that differ from one void to the next. */
const brief = ({ state, rrn, originalRrn, reversedAt, certainty, doNext }: JsonObject): JsonObject => ({
  state,
  rrn,
  originalRrn,
  reversedAt,
  certainty,
  doNext,
})

async function settleDay({ screen }: Day, { terminal }: DemoTerminal): Promise<void> {
  screen.step('结算', 'Settlement: both sides have the same totals')
  const before = terminal.state.batchNumber
  const { debitCount, creditCount } = totalsOf(terminal.state)
  const settled = made(await terminal.settle())
  screen.expect(
    settled.responseCode === '11' && terminal.state.batchNumber !== before,
    `debit ${debitCount} sales, credit ${creditCount} voids, without the reversed void; batch ${before} is closed, ${terminal.state.batchNumber} is open`,
  )
}

async function closeDay({ screen, database, terminalId }: Day, { terminal }: DemoTerminal): Promise<void> {
  screen.step('签退', 'Sign-off')
  screen.expect(isApproved(made(await terminal.signOff())), 'the service accepts the sign-off')

  screen.step('核对', 'annul journal verify checks the hash chain of this terminal')
  const { verified } = await readJournal(executeIn(database), await keyringFor(database, {}), {
    stream: terminalId,
  })
  for (const one of verified) screen.expect(one.fault === null && one.entries > 0, sentence(one))
}

const isApproved = ({ outcome }: Exchange): boolean => outcome === 'approved'
const stanOf = ({ sent }: Exchange): string => sent.fields.get(11) ?? ''
const rrnOf = ({ received }: Exchange): string => received?.fields.get(37) ?? ''

const areEqual = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a !== null && b !== null && a.length === b.length && a.every((byte, i) => byte === b[i])
