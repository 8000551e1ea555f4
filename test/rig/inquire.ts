/** @module Compares inquiries (`GET /v1/inquiries`) with the senders' answers. */

import { setTimeout as sleep } from 'node:timers/promises'
import { type Attempt, historyOf, lastOf, type Received } from './attempt.ts'

interface Inquiry {
  readonly state?: string
  readonly certainty?: string
  /** The answer of the POS door, or the body and status of the JSON API. */
  readonly answer?: {
    readonly rrn?: string
    readonly responseCode?: string
    readonly body?: object
  } | null
}

/** Inquires for each message in turn. Returns the messages whose inquiry differs from their answer. */
export async function faultsOfInquiries(
  url: URL,
  bearer: string,
  messages: readonly Attempt[],
): Promise<string[]> {
  const faults: string[] = []
  for (const attempt of messages) {
    const last = lastOf(attempt)
    if (attempt.reference === null || last === undefined || last.verdict === 'out_of_batch') continue
    const inquiry = await inquire(new URL(`/v1/inquiries?${attempt.reference}`, url), bearer)
    if (!agrees(inquiry, last)) faults.push(`${historyOf(attempt)}; the inquiry: ${JSON.stringify(inquiry)}`)
  }
  return faults
}

function agrees({ state, certainty, answer }: Inquiry, last: Received): boolean {
  if (certainty !== 'FINAL' || answer === undefined) return false
  if (last.verdict === 'reversed') return state === 'reversed' || state === 'tombstoned'
  if (answer?.body !== undefined) return JSON.stringify(answer.body) === last.text
  return answer?.rrn === last.rrn && (answer?.responseCode === '00') === (last.verdict === 'approved')
}

async function inquire(url: URL, bearer: string): Promise<Inquiry> {
  for (let left = 50; ; left--) {
    const response = await fetch(url, { headers: { authorization: `Bearer ${bearer}` } })
    if (response.ok || left === 0) return (await response.json()) as Inquiry
    await response.body?.cancel()
    await sleep(20)
  }
}
