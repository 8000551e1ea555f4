/** @module 结算: compares totals, uploads the items when they differ, and opens the next batch (protocol.md §3.8). */

import { nextBatchNumber, settlementTotals } from '../domain/money.ts'
import type { Message } from '../iso8583/message.ts'
import { type Exchange, MATCHED, type Operation } from './exchange.ts'
import { settlementRequest, UPLOAD_ITEMS, uploadEndRequest, uploadRequest } from './messages.ts'
import type { Session } from './session.ts'
import { type LogEntry, liveItems, openBatch, takeStan, totalsOf } from './state.ts'

/** The exchange of the 0500. Without an answer, the next call sends it again with the same STAN. */
export async function settle(session: Session): Promise<Exchange> {
  const { state } = session
  const stan = state.settlementStan ?? takeStan(state)
  state.settlementStan = stan
  session.save()
  const totals = settlementTotals(totalsOf(state), { domestic: '0', foreign: '0' })
  const exchange = await send(session, 'settle', settlementRequest(state, stan, totals))
  if (exchange.outcome !== 'approved' && exchange.outcome !== 'declined') return exchange
  state.settlementStan = null
  const items = liveItems(state)
  const codes = exchange.received?.fields.has(39) ? '' : (exchange.responseCode ?? '')
  if (codes.includes('2')) await upload(session, items)
  // An acquirer keeps an unused batch open when the settlement has no MAC, and so does this terminal.
  else if (codes === MATCHED && (session.options.settlementMac === true || state.log.length > 0))
    await endUpload(session, '207', items.length)
  session.save()
  return exchange
}

/** Sends the items in messages of eight, then the end. The batch is over when the acquirer accepts the end. */
async function upload(session: Session, items: readonly LogEntry[]): Promise<void> {
  const { state } = session
  for (let at = 0; at < items.length; at += UPLOAD_ITEMS) {
    const part = items.slice(at, at + UPLOAD_ITEMS)
    const { outcome } = await send(session, 'upload', uploadRequest(state, takeStan(state), part))
    if (outcome !== 'approved') return
  }
  await endUpload(session, '202', items.length)
}

/** After equal totals the batch is over before this message. */
async function endUpload(session: Session, code: '202' | '207', count: number): Promise<void> {
  const { state } = session
  const end = await send(session, 'upload-end', uploadEndRequest(state, takeStan(state), code, count))
  if (code === '207' || end.outcome === 'approved') openBatch(state, nextBatchNumber(state.batchNumber))
}

async function send(session: Session, operation: Operation, message: Message): Promise<Exchange> {
  const { settlementMac = false } = session.options
  return session.recorded(
    await (settlementMac
      ? session.sendWithMac(operation, message)
      : session.sendWithoutMac(operation, message)),
  )
}
