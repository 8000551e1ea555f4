/** @module A shop whose acquirer falls silent over a void, the case that comes of it, and a person who decides it. */

import { DECIDE_MS } from '../../src/domain/acquirer-state.ts'
import { recover } from '../../src/pipeline/recover.ts'
import { openBehind } from './merchant-client.ts'
import { type ScriptedAcquirer, SILENT, scriptedAcquirer } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { openTerminal, sell, type TestTerminal } from './terminal.ts'

export interface Harness {
  readonly acquirer: ScriptedAcquirer
  readonly isolate: s.Isolate
  readonly terminal: TestTerminal
}

export interface CaseBody {
  readonly id: string
  readonly history: readonly { readonly kind: string }[]
}

export async function openHarness(mid = s.MID): Promise<Harness> {
  const acquirer = scriptedAcquirer()
  const isolate = await openBehind(acquirer)
  return { acquirer, isolate, terminal: await openTerminal(isolate, { mid }) }
}

export const DEAF = { void: SILENT, inquiry: SILENT, reversal: SILENT }

/** The acquirer is silent until the time of what is pending is over. */
export async function waitForCase({ isolate }: Harness): Promise<void> {
  await isolate.settle()
  isolate.clock.now += DECIDE_MS
  await recover(isolate.services, 0)
}

/** A void of which the acquirer says nothing. */
export async function silentVoid(harness: Harness, admin: string) {
  const sale = await sell(harness.terminal, '000001')
  harness.acquirer.script = DEAF
  const request = s.aVoid({ stan: '000002', ...sale })
  await harness.terminal.send(request)
  await waitForCase(harness)
  return { sale, request, caseId: (await theCase(harness, admin)).id }
}

export async function theCase({ isolate, terminal }: Harness, admin: string): Promise<CaseBody> {
  const { body } = await s.ask(isolate, admin, 'GET', '/v1/cases?limit=100')
  const mine = (body.items as (CaseBody & { terminalId: string })[]).filter(
    ({ terminalId }) => terminalId === terminal.tid,
  )
  if (mine[0] === undefined || mine.length > 1) throw new Error(`${mine.length} cases`)
  return mine[0]
}

let decisions = 0

/** A person's word, under a key of its own unless it is named. */
export const decide = (
  { isolate }: Pick<Harness, 'isolate'>,
  bearer: string,
  id: string,
  resolution: string,
  { name = `decision-${++decisions}`, note = '电话确认: by phone' } = {},
) => s.ask(isolate, bearer, 'POST', `/v1/cases/${id}`, { resolution, note }, { 'idempotency-key': name })
