/** @module An inquiry of a back office about a message, and its comparison with what the terminal was answered. */

import type { TerminalState } from '../../src/terminal/state.ts'
import { type LoadLedger, type LoadMessage, nameOf } from './ledger.ts'
import type { LoadHarness } from './load-harness.ts'
import type { LoadReply } from './sender.ts'

interface Inquiry {
  readonly state?: string
  readonly certainty?: string
  readonly answer?: { readonly rrn?: string | null; readonly responseCode?: string | null } | null
}

/** No other message of the terminal may be in flight. */
export async function inquire(
  harness: LoadHarness,
  { merchantId, terminalId, batchNumber }: TerminalState,
  message: LoadMessage,
  dueAt: number,
): Promise<void> {
  const { sender, now, record, random, merchantKeys, ledger } = harness
  const { kind, entry } = message
  const query = new URLSearchParams({ merchantId, terminalId, batchNumber, stan: entry.stan, kind })
  const bearer = merchantKeys[random.below(merchantKeys.length)] ?? ''
  const sentAt = now()
  const reply = await sender.send({
    method: 'GET',
    path: `/v1/inquiries?${query}`,
    headers: { authorization: `Bearer ${bearer}` },
  })
  const result = reply.status === 200 ? 'answered' : reply.isRefusal ? 'refused' : 'lost'
  record({ name: 'inquiry', dueAt, sentAt, doneAt: now(), result, trips: reply.trips })
  if (result === 'answered') compare(ledger, message, reply)
}

function compare(ledger: LoadLedger, message: LoadMessage, { body }: LoadReply): void {
  const inquiry = JSON.parse(body.toString()) as Inquiry
  // The acquirer may still be working on it.
  if (inquiry.certainty !== 'FINAL') return
  ledger.check(
    'an inquiry agrees with the answers',
    agrees(ledger, message, inquiry),
    () => `${nameOf(message)}: the inquiry has ${inquiry.state} and ${JSON.stringify(inquiry.answer)}`,
  )
}

function agrees(ledger: LoadLedger, message: LoadMessage, { state, answer }: Inquiry): boolean {
  const { first, reversedAt, voids } = message
  if (reversedAt !== null) return state === 'reversed' || state === 'tombstoned'
  if (first?.isApproved !== true) return state === 'declined'
  if (answer?.rrn !== first.rrn || answer.responseCode !== first.code) return false
  const isVoided = voids.some((one) => ledger.stands(one) === true)
  return state === (isVoided ? 'voided' : 'approved')
}
