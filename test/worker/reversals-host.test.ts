/** @module Reversals by the JSON door with a host behind us: owed to it, pending until it agrees. */

import { describe, expect, it } from 'vitest'
import { DECIDE_MS } from '../../src/domain/host-state.ts'
import { recover } from '../../src/recover.ts'
import { aSale, openBehind, openOffice, voidsOf } from './office.ts'
import { NO, SILENT, scriptedHost, YES } from './scripted-host.ts'
import * as s from './support.ts'
import { openTill } from './till.ts'

async function openShop() {
  const host = scriptedHost()
  const behind = await openBehind(host)
  const till = await openTill(behind)
  const key = await s.bearerKey(till.mid)
  return { host, behind, key, office: openOffice(behind, key), sale: await aSale(till) }
}

describe('with a host behind us', () => {
  it('it is owed to the host: pending until the host agrees, final then', async () => {
    const { host, behind, sale, key, office } = await openShop()
    const voided = await office.void(sale, 'host-1')
    host.script = { reversal: SILENT }
    const at = behind.clock.now
    const undone = await office.reverse(sale, 'host-1', 'undo-host-1')
    expect(undone).toMatchObject({
      status: 200,
      body: {
        status: 'reversing',
        voidId: voided.body.id,
        certainty: 'PENDING',
        doNext: 'query',
        retryAfter: 2,
        decideBy: new Date(at + DECIDE_MS).toISOString(),
      },
    })
    await behind.settle()
    expect((await office.reverse(sale, 'host-1', 'undo-host-1')).text).toBe(undone.text)
    expect((await office.void(sale, 'host-2')).body.reason).toBe('outcome_pending')
    host.script = {}
    behind.clock.now += 60_000
    await recover(behind.services, 0)
    const again = await office.reverse(sale, 'host-1', 'undo-host-1')
    expect(again.body).toMatchObject({ status: 'reversed', certainty: 'FINAL', doNext: 'nothing' })
    expect((await s.ask(behind, key, 'GET', undone.headers.get('location') ?? '')).body).toMatchObject({
      status: 'reversed',
      certainty: 'FINAL',
    })
    expect((await office.void(sale, 'host-3')).status).toBe(201)
  })

  it('a void that is pending is reversed before the host has said a word', async () => {
    const { host, behind, sale, key, office } = await openShop()
    host.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
    expect((await office.void(sale, 'host-4')).body.certainty).toBe('UNKNOWN')
    expect((await office.reverse(sale, 'host-4', 'undo-host-4')).body.status).toBe('reversing')
    host.script = { inquiry: YES }
    await behind.settle()
    expect(await voidsOf(sale)).toEqual(['reversed'])
    expect((await office.reverse(sale, 'host-4', 'undo-host-4')).body).toMatchObject({
      status: 'reversed',
      certainty: 'FINAL',
    })
    expect((await s.ask(behind, key, 'GET', `/v1/sales/${sale.saleId}`)).body.state).toBe('approved')
  })

  it('a void that is barred never reaches the host, and one that the host declined needs no word to it', async () => {
    const { host, sale, office } = await openShop()
    await office.reverse(sale, 'host-5', 'undo-host-5')
    expect((await office.void(sale, 'host-5')).status).toBe(409)
    expect(host.kinds()).toEqual(['sale'])
    host.script = { void: NO }
    await office.void(sale, 'host-6')
    expect((await office.reverse(sale, 'host-6', 'undo-host-6')).body.status).toBe('nothing_to_undo')
    expect(host.kinds()).toEqual(['sale', 'void'])
  })
})
