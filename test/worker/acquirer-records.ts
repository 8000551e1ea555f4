/**
 * @module A service with the simulated acquirer, the acquirer's records, and the results of comparing them
 * with ours.
 */

import { env } from 'cloudflare:workers'
import type { Environment } from '../../src/create-services.ts'
import type { LedgerEntry } from '../../src/simulator/app.ts'
import * as s from './support.ts'

export const ACQUIRER_SETTINGS: Partial<Environment> = {
  ACQUIRER: 'https',
  ACQUIRER_SERVICE: env.ACQUIRER_SERVICE,
  ACQUIRER_MAC_KEY: '0123456789ABCDEF',
}

export const script = (steps: object[]) =>
  env.ACQUIRER_SERVICE.fetch('http://acquirer/faults', {
    method: 'POST',
    body: JSON.stringify({ script: steps }),
  })

export async function ledger(): Promise<LedgerEntry[]> {
  const response = await env.ACQUIRER_SERVICE.fetch('http://acquirer/ledger')
  return ((await response.json()) as { items: LedgerEntry[] }).items
}

/** Waits move the test clock and take no time. */
export async function openWithAcquirer(): Promise<s.Isolate> {
  const isolate: s.Isolate = await s.openIsolate({
    ...ACQUIRER_SETTINGS,
    sleep: async (ms) => {
      isolate.clock.now += ms
    },
  })
  return isolate
}

/** The acquirer executes the next void, but no answer about it arrives during its request. */
export const NO_ANSWER_TO_VOID = [
  { on: 'void', fault: 'drop_answer' },
  ...Array.from({ length: 4 }, () => ({ on: 'inquiry', fault: 'drop_request' })),
]

export interface ResultLine {
  readonly line: number
  readonly kind: string
  readonly stan: string
  readonly result: string
  readonly difference?: string
  readonly applied: boolean | null
}

export async function reconcile(
  to: s.Isolate,
  items: readonly object[],
  bearer: string,
  { apply = false, asOf = to.clock.now } = {},
): Promise<ResultLine[]> {
  const query = `asOf=${new Date(asOf).toISOString()}&apply=${apply}`
  const body = items.map((item) => JSON.stringify(item)).join('\n')
  const headers = { 'content-type': 'application/x-ndjson' }
  const reply = await s.ask(to, bearer, 'POST', `/v1/reconciliations?${query}`, body, headers)
  if (reply.status !== 200) throw new Error(`${reply.status} ${reply.text}`)
  return reply.text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** The acquirer's records, with an absent record for each message that only we have. */
export async function recordsFor(to: s.Isolate, admin: string): Promise<object[]> {
  const items = await ledger()
  const theirs = new Set(
    items.map(({ terminalId, batchNumber, stan }) => `${terminalId} ${batchNumber} ${stan}`),
  )
  const ours: { terminalId: string; batchNumber: string; stan: string }[] = []
  for (let cursor: unknown = '0'; cursor !== null; ) {
    const { body } = await s.ask(to, admin, 'GET', `/v1/acquirer-messages?limit=7&cursor=${cursor}`)
    ours.push(...(body.items as typeof ours))
    cursor = body.next
  }
  const absent = ours.filter(
    ({ terminalId, batchNumber, stan }) => !theirs.has(`${terminalId} ${batchNumber} ${stan}`),
  )
  return [...items, ...absent.map((one) => ({ ...one, state: 'absent' }))]
}

/** The records with a discrepancy. */
export const discrepancies = (results: readonly ResultLine[]) =>
  results.filter(({ result }) => result === 'resolves' || result === 'differs')
