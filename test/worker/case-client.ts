/**
 * @module A merchant client whose acquirer does not answer a void, the case that follows, and a person's
 * decision.
 */

import { DECIDE_MS } from '../../src/domain/acquirer-state.ts'
import { recover } from '../../src/pipeline/recover.ts'
import { openWithAcquirer } from './merchant-client.ts'
import { type ScriptedAcquirer, SILENT, scriptedAcquirer } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { openTerminal, sell, type TestTerminal } from './terminal.ts'

export interface Harness {
  readonly acquirer: ScriptedAcquirer
  readonly isolate: s.Isolate
  readonly terminal: TestTerminal
}

export interface CaseBody {
  readonly rrn: string
  readonly history: readonly { readonly kind: string }[]
}

export async function openHarness(mid = s.MID): Promise<Harness> {
  const acquirer = scriptedAcquirer()
  const isolate = await openWithAcquirer(acquirer)
  return { acquirer, isolate, terminal: await openTerminal(isolate, { mid }) }
}

export const NO_ANSWERS = { void: SILENT, inquiry: SILENT, reversal: SILENT }

/** The acquirer does not answer until the deadline of the pending message. */
export async function waitForCase({ isolate }: Harness): Promise<void> {
  await isolate.settle()
  isolate.clock.now += DECIDE_MS
  await recover(isolate.services, 0)
}

/** A void that the acquirer does not answer, with its case. */
export async function openVoidCase(harness: Harness, admin: string) {
  const sale = await sell(harness.terminal, '000001')
  harness.acquirer.script = NO_ANSWERS
  const request = s.aVoid({ stan: '000002', ...sale })
  await harness.terminal.send(request)
  await waitForCase(harness)
  return { sale, request, caseId: (await onlyCase(harness, admin)).rrn }
}

export async function onlyCase({ isolate, terminal }: Harness, admin: string): Promise<CaseBody> {
  const { body } = await s.ask(isolate, admin, 'GET', '/v1/cases?limit=100')
  const mine = (body.items as (CaseBody & { terminalId: string })[]).filter(
    ({ terminalId }) => terminalId === terminal.tid,
  )
  if (mine[0] === undefined || mine.length > 1) throw new Error(`${mine.length} cases`)
  return mine[0]
}

let decisions = 0

/** A person's decision, under a new Idempotency-Key unless `name` is given. */
export const decide = (
  { isolate }: Pick<Harness, 'isolate'>,
  bearer: string,
  rrn: string,
  resolution: string,
  { name = `decision-${++decisions}`, note = '电话确认: by phone' } = {},
) => s.ask(isolate, bearer, 'POST', `/v1/cases/${rrn}`, { resolution, note }, { 'idempotency-key': name })
