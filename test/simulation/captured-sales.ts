/** @module The sender of captured sales in a world: sends sales made elsewhere until each is final. */

import { posMessageKey } from '../../src/domain/message-key.ts'
import type { LogEntry } from '../../src/terminal/state.ts'
import { type ActorContext, Power } from './context.ts'
import { keepAnswer } from './kept-answer.ts'
import type { HttpRequest } from './platform/isolate.ts'
import type { TestTerminal } from './terminal.ts'

const DEADLINE_MS = 20_000

/** Puts a sale made elsewhere into the terminal's log, and sends it to Annul. */
export function captureFor(context: ActorContext) {
  const sender = new Power('captured_sale')
  let captured = 0
  return async (terminal: TestTerminal, stan: string, amount: number, pan: string): Promise<void> => {
    const { scheduler, random, book, sales, network, act } = context
    const { merchantId, terminalId } = terminal.options
    const { batchNumber } = terminal.state
    const rrn = String(900_000_000_000 + ++captured)
    const authorizationCode = String(100_000 + captured)
    const sale = { merchantId, terminalId, batchNumber, stan, amount, pan, rrn, authorizationCode }
    const key = posMessageKey(sale, 'sale')
    const request = requestOf(context, sale)
    const send = async () => {
      const reply = await network.send(request, DEADLINE_MS)
      if (reply === null || reply.body.length === 0) return null
      const body = JSON.parse(new TextDecoder().decode(reply.body)) as Record<string, unknown>
      if (body.certainty !== 'FINAL') return null
      const verdict = reply.status === 201 ? ('approved' as const) : ('declined' as const)
      const code = String(body.reason ?? '00')
      const answers = { at: scheduler.now, verdict, code, rrn: code === '00' ? rrn : '' }
      return { ...answers, how: 'requested' as const, content: JSON.stringify(body) }
    }
    const names = { key, kind: 'sale', terminalId, merchantId, idempotencyKey: null } as const
    const sent = book.enter({ ...names, sentAt: scheduler.now, resend: send })
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
          if (answers.verdict === 'approved') sales.push({ merchantId, terminalId, rrn, amount })
          return
        }
        await scheduler.sleep(1000)
      }
    })
  }
}

function requestOf(
  { spareKeys: bearers }: ActorContext,
  sale: Readonly<Record<string, string | number>>,
): HttpRequest {
  const body = JSON.stringify({ ...sale, fee: Math.floor(Number(sale.amount) / 200) })
  return {
    method: 'POST',
    path: '/v1/sales',
    headers: {
      authorization: `Bearer ${bearers.get(String(sale.merchantId))}`,
      'content-type': 'application/json',
      'content-length': String(body.length),
    },
    body,
  }
}
