/** @module Reversals by the JSON API with an acquirer: queued and pending until it agrees. */

import { describe, expect, it } from 'vitest'
import { DECIDE_MS } from '../../src/domain/acquirer-state.ts'
import { recover } from '../../src/pipeline/recover.ts'
import { aSale, openOffice, openWithAcquirer, voidsOf } from './merchant-client.ts'
import { NO, SILENT, scriptedAcquirer, YES } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { openTerminal } from './terminal.ts'

async function openHarness() {
  const acquirer = scriptedAcquirer()
  const behind = await openWithAcquirer(acquirer)
  const terminal = await openTerminal(behind)
  const key = await s.bearerKey(terminal.mid)
  return { acquirer, behind, key, office: openOffice(behind, key), sale: await aSale(terminal) }
}

describe('with an acquirer', () => {
  it('a reversal is queued and pending until the acquirer agrees, then final', async () => {
    const { acquirer, behind, sale, key, office } = await openHarness()
    const voided = await office.void(sale, 'acquirer-1')
    acquirer.script = { reversal: SILENT }
    const at = behind.clock.now
    const undone = await office.reverse(sale, 'acquirer-1', 'undo-acquirer-1')
    expect(undone).toMatchObject({
      status: 200,
      body: {
        state: 'reversing',
        voidId: voided.body.id,
        certainty: 'PENDING',
        doNext: 'query',
        retryAfter: 2,
        decideBy: new Date(at + DECIDE_MS).toISOString(),
      },
    })
    await behind.settle()
    expect((await office.reverse(sale, 'acquirer-1', 'undo-acquirer-1')).text).toBe(undone.text)
    expect((await office.void(sale, 'acquirer-2')).body.reason).toBe('outcome_pending')
    acquirer.script = {}
    behind.clock.now += 60_000
    await recover(behind.services, 0)
    const again = await office.reverse(sale, 'acquirer-1', 'undo-acquirer-1')
    expect(again.body).toMatchObject({ state: 'reversed', certainty: 'FINAL', doNext: 'nothing' })
    expect((await s.ask(behind, key, 'GET', undone.headers.get('location') ?? '')).body).toMatchObject({
      state: 'reversed',
      certainty: 'FINAL',
    })
    expect((await office.void(sale, 'acquirer-3')).status).toBe(201)
  })

  it('a pending void is reversed before the acquirer answered', async () => {
    const { acquirer, behind, sale, key, office } = await openHarness()
    acquirer.script = { void: SILENT, inquiry: SILENT, reversal: SILENT }
    expect((await office.void(sale, 'acquirer-4')).body.certainty).toBe('PENDING')
    expect((await office.reverse(sale, 'acquirer-4', 'undo-acquirer-4')).body.state).toBe('reversing')
    acquirer.script = { inquiry: YES }
    await behind.settle()
    expect(await voidsOf(sale)).toEqual(['reversed'])
    expect((await office.reverse(sale, 'acquirer-4', 'undo-acquirer-4')).body).toMatchObject({
      state: 'reversed',
      certainty: 'FINAL',
    })
    expect((await s.ask(behind, key, 'GET', `/v1/sales/${sale.saleId}`)).body.state).toBe('approved')
  })

  it('a tombstoned void is never sent to the acquirer, and a declined one needs no answer of it', async () => {
    const { acquirer, sale, office } = await openHarness()
    await office.reverse(sale, 'acquirer-5', 'undo-acquirer-5')
    expect((await office.void(sale, 'acquirer-5')).status).toBe(409)
    expect(acquirer.kinds()).toEqual(['sale'])
    acquirer.script = { void: NO }
    await office.void(sale, 'acquirer-6')
    expect((await office.reverse(sale, 'acquirer-6', 'undo-acquirer-6')).body.state).toBe('nothing_to_undo')
    expect(acquirer.kinds()).toEqual(['sale', 'void'])
  })
})
