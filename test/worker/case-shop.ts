/** @module A shop whose host falls silent over a void, the case that comes of it, and a person who decides it. */

import { DECIDE_MS } from '../../src/domain/host-state.ts'
import { recover } from '../../src/recover.ts'
import { openBehind } from './office.ts'
import { type ScriptedHost, SILENT, scriptedHost } from './scripted-host.ts'
import * as s from './support.ts'
import { openTill, sell, type Till } from './till.ts'

export interface Shop {
  readonly host: ScriptedHost
  readonly isolate: s.Isolate
  readonly till: Till
}

export interface CaseBody {
  readonly id: string
  readonly history: readonly { readonly kind: string }[]
}

export async function openShop(mid = s.MID): Promise<Shop> {
  const host = scriptedHost()
  const isolate = await openBehind(host)
  return { host, isolate, till: await openTill(isolate, { mid }) }
}

export const DEAF = { void: SILENT, inquiry: SILENT, reversal: SILENT }

/** The host is silent until the time of what is pending is over. */
export async function waitForCase({ isolate }: Shop): Promise<void> {
  await isolate.settle()
  isolate.clock.now += DECIDE_MS
  await recover(isolate.services, 0)
}

/** A void of which the host says nothing. */
export async function silentVoid(shop: Shop, admin: string) {
  const sale = await sell(shop.till, '000001')
  shop.host.script = DEAF
  const request = s.aVoid({ stan: '000002', ...sale })
  await shop.till.say(request)
  await waitForCase(shop)
  return { sale, request, caseId: (await theCase(shop, admin)).id }
}

export async function theCase({ isolate, till }: Shop, admin: string): Promise<CaseBody> {
  const { body } = await s.ask(isolate, admin, 'GET', '/v1/cases?limit=100')
  const mine = (body.items as (CaseBody & { terminalId: string })[]).filter(
    ({ terminalId }) => terminalId === till.tid,
  )
  if (mine[0] === undefined || mine.length > 1) throw new Error(`${mine.length} cases`)
  return mine[0]
}

let decisions = 0

/** A person's word, under a key of its own unless it is named. */
export const decide = (
  { isolate }: Pick<Shop, 'isolate'>,
  bearer: string,
  id: string,
  resolution: string,
  { name = `decision-${++decisions}`, note = '电话确认: by phone' } = {},
) => s.ask(isolate, bearer, 'POST', `/v1/cases/${id}`, { resolution, note }, { 'idempotency-key': name })
