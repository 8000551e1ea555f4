/**
 * @module The sender of captured sales in a world: sends sales made elsewhere until each is final. Some go in a list with earlier
 * ones, which get their answers again.
 */

import { posMessageKey } from '../../src/domain/message-key.ts'
import type { LogEntry } from '../../src/terminal/state.ts'
import { type ActorContext, Power } from './context.ts'
import { keepAnswer } from './kept-answer.ts'
import type { HttpRequest } from './platform/isolate.ts'
import type { Random } from './platform/random.ts'
import type { TestTerminal } from './terminal.ts'

const DEADLINE_MS = 20_000

/** The most sales of a usual list, and the lines of a long one, which many an invocation cannot write. */
const MOST_LINES = 30
const LONG = 200

type CapturedSale = Readonly<Record<string, string | number>>

/** Puts a sale made elsewhere into the terminal's log, and sends it to Annul. `lists` chooses the lists, and `longs` the long ones. */
export function captureFor(context: ActorContext, lists: Random, longs: Random) {
  const sender = new Power('captured_sale')
  const sendsLists = lists.chance(0.7)
  const sendsLong = longs.chance(0.5)
  const earlier: CapturedSale[] = []
  let captured = 0
  return async (terminal: TestTerminal, stan: string, amount: number, pan: string): Promise<void> => {
    const { scheduler, random, book, sales, network, act } = context
    const { merchantId, terminalId } = terminal.options
    const { batchNumber } = terminal.state
    const rrn = String(900_000_000_000 + ++captured)
    const authorizationCode = String(100_000 + captured)
    const sale = { merchantId, terminalId, batchNumber, stan, amount, pan, rrn, authorizationCode }
    const key = posMessageKey(sale, 'sale')
    const request = requestOf(context, [sale])
    const ofMerchant = earlier.filter((one) => one.merchantId === merchantId)
    const usual = sendsLists ? [...ofMerchant.slice(-lists.below(MOST_LINES)), sale] : [sale]
    const isLong = sendsLong && ofMerchant.length > 0 && longs.chance(0.15)
    const list = isLong ? [...repeated(ofMerchant, LONG - 1), sale] : usual
    const listRequest = requestOf(context, list)
    const send = async (isAlone = false) => {
      const isList = !isAlone && list.length > 1 && lists.chance(0.7)
      if (isList && isLong) context.kinds.note('lists of 200 lines')
      const reply = await network.send(isList ? listRequest : request, DEADLINE_MS)
      if (reply === null || reply.body.length === 0) return null
      const text = new TextDecoder().decode(reply.body)
      const { status, body } =
        isList && reply.status === 200 ? lastLine(text) : { status: reply.status, body: JSON.parse(text) }
      if (body.certainty !== 'FINAL') return null
      const verdict = status === 201 ? ('approved' as const) : ('declined' as const)
      const code = String(body.reason ?? '00')
      const answers = { at: scheduler.now, verdict, code, rrn: code === '00' ? rrn : '' }
      return { ...answers, how: 'requested' as const, content: JSON.stringify(body) }
    }
    // A list may be too long for one invocation. Its last line is then sent alone.
    const resend = async () => (await send()) ?? (await send(true))
    const names = { key, kind: 'sale', terminalId, merchantId, idempotencyKey: null } as const
    const sent = book.enter({ ...names, sentAt: scheduler.now, resend })
    const entry: LogEntry = {
      kind: 'sale',
      batchNumber,
      stan,
      amount,
      pan,
      status: 'approved',
      rrn,
      authorizationCode,
    }
    terminal.state.log.push(entry)
    terminal.save()
    act(sender, async () => {
      await scheduler.sleep(random.delay(2000))
      for (;;) {
        const answers = await send()
        if (answers !== null) {
          keepAnswer(context, sent, answers)
          if (answers.verdict === 'approved') {
            sales.push({ merchantId, terminalId, rrn, amount })
            // A sale that was refused could be accepted later, in another batch.
            earlier.push(sale)
          }
          return
        }
        await scheduler.sleep(1000)
      }
    })
  }
}

/** So many of these sales, the first ones again at the end. */
const repeated = (sales: readonly CapturedSale[], count: number): CapturedSale[] =>
  Array.from({ length: count }, (_, i) => sales[i % sales.length]).filter((sale) => sale !== undefined)

/** The answer to the last line, as to a request of its own. */
function lastLine(text: string): { status: number; body: Record<string, unknown> } {
  const { line: _, ...answer } = JSON.parse(text.trim().split('\n').at(-1) ?? '')
  const { status, ...body } = answer
  return { status, body: 'reason' in answer ? answer : body }
}

/** One sale as JSON, or several as a list. */
function requestOf({ spareKeys: bearers }: ActorContext, sales: readonly CapturedSale[]): HttpRequest {
  const lines = sales.map((sale) => JSON.stringify({ ...sale, fee: Math.floor(Number(sale.amount) / 200) }))
  const body = lines.join('\n')
  return {
    method: 'POST',
    path: '/v1/sales',
    headers: {
      authorization: `Bearer ${bearers.get(String(sales[0]?.merchantId))}`,
      'content-type': lines.length > 1 ? 'application/x-ndjson' : 'application/json',
      'content-length': String(body.length),
    },
    body,
  }
}
