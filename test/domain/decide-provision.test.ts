/** @module Provisioning: the first entry opens the first batch. A later entry changes only what it names. */

import { describe, expect, it } from 'vitest'
import { decideProvision, GENESIS, newTerminal } from '../../src/domain/decide-provision.ts'
import { NO_TOTALS } from '../../src/domain/money.ts'
import { NO_SENDER } from '../../src/domain/request-actor.ts'
import type { ProvisionRequest } from '../../src/domain/requests.ts'
import { USUAL_FORMS } from '../../src/domain/terminal-profile.ts'
import { generated, MID, merchant, NOW, TID, terminal } from './fixtures.ts'

const profile = {
  status: 'active',
  macProfile: 'x9.19',
  textEncoding: 'ascii',
  settlementMac: 'required',
  ...USUAL_FORMS,
} as const

const request: ProvisionRequest = {
  kind: 'provision',
  door: 'json',
  merchantId: MID,
  messageKey: 'api|admin|provision|1',
  contentFingerprint: '',
  request: { status: 'active' },
  sender: NO_SENDER,
  terminalId: TID,
  profile,
  merchant,
  tmkVersion: 7,
}

const effectsOf = (change: Partial<ProvisionRequest>, before = terminal) => {
  const decision = decideProvision({ ...request, ...change }, before, generated)
  return decision.kind === 'commit' ? decision.draft.effects : decision
}

describe('a new terminal', () => {
  it('has a state without keys before its first entry', () => {
    expect(newTerminal(request)).toEqual({
      terminalId: TID,
      merchantId: MID,
      ...profile,
      keyVersion: null,
      tmkVersion: 0,
      batch: { ...NO_TOTALS, batchNumber: '000001', state: 'open' },
      head: GENESIS,
    })
    expect(GENESIS).toEqual({ seq: 0, hash: '0'.repeat(64) })
  })

  it('gets its profile and batch 000001', () => {
    const fresh = newTerminal(request)
    expect(effectsOf({}, fresh)).toEqual({
      terminal: profile,
      batch: fresh.batch,
      keyVersion: null,
      tmkVersion: 7,
    })
  })
})

describe('an existing terminal', () => {
  it('keeps its batch and, without a new master key, its working keys', () => {
    expect(effectsOf({ tmkVersion: null })).toEqual({ terminal: profile })
  })

  it('loses every working key with a new master key, and names that key', () => {
    expect(effectsOf({})).toEqual({ terminal: profile, keyVersion: null, tmkVersion: 7 })
  })
})

it('replays and refuses like any other entry', () => {
  expect(decideProvision(request, terminal, generated)).toMatchObject({
    kind: 'commit',
    draft: { kind: 'provision', terminalId: TID, merchantId: MID, at: NOW, answer: { reason: null } },
  })
})
