/**
 * @module One sale, and everything that voids it at once: copies of one void, and other voids. Exactly one
 * has an effect.
 */

import { voidRequest } from '../../src/terminal/messages.ts'
import type { LogEntry } from '../../src/terminal/state.ts'
import { must } from '../simulation/checks.ts'
import type { RaceAnswer, RaceHarness } from './harness.ts'

/** 12: voided already. 09: a void of it is pending at the acquirer. */
const REFUSALS = ['12', '09']

/**
 * This many copies of one void (half of them byte for byte, the others in frames of their own) and this many
 * other voids.
 */
export const voidRace =
  (copies: number, rivals: number) =>
  async (harness: RaceHarness): Promise<void> => {
    const sale = await harness.sell(100 * harness.random.between(1, 9999))
    const frameOf = (entry: LogEntry, address = 0) =>
      harness.frame(voidRequest(harness.terminal.state, entry, sale), address)
    const copied = harness.newVoid(sale)
    const frames = Array.from({ length: rivals }, () => frameOf(harness.newVoid(sale)))
    const requests = [
      ...Array.from({ length: copies }, (_, i) => harness.send(frameOf(copied, i % 2 === 0 ? 0 : i))),
      ...frames.map((frame) => harness.send(frame)),
    ]
    const received = await Promise.all(requests)
    const first = received.slice(copies - 1)
    for (const { bytes } of received.slice(0, copies))
      must(bytes === first[0]?.bytes, 'two copies of one void got different answers')
    const winners = first.filter(({ code }) => code === '00')
    must(winners.length === 1, `${winners.length} of ${first.length} voids were approved`)
    for (const { code } of first) must(code === '00' || REFUSALS.includes(code), `a losing void got ${code}`)
    // Long after, when no isolate has it in memory, the journal gives the same answers.
    await harness.rest(30_000)
    const again = await Promise.all([frameOf(copied), ...frames].map((frame) => harness.send(frame)))
    must(sameBytes(again, first), 'a void got another answer the second time')
    harness.count('sales')
    harness.count(first[0]?.code === '00' ? 'won by the copied void' : 'won by another')
    harness.count('messages', received.length + again.length)
    settleLog(harness, sale)
  }

const sameBytes = (a: readonly RaceAnswer[], b: readonly RaceAnswer[]): boolean =>
  a.length === b.length && a.every(({ bytes }, i) => bytes === b[i]?.bytes)

/** Removes the sale from the terminal's log, so that the log does not grow. */
function settleLog({ terminal }: RaceHarness, sale: LogEntry): void {
  terminal.state.log = terminal.state.log.filter((entry) => entry !== sale)
}
