/** @module What no caller may hand to a decision: it throws, and says nothing of what the message holds. */

import { describe, expect, it } from 'vitest'
import { decideCase } from '../../src/domain/decide-case.ts'
import { claimed } from '../../src/domain/decide-claim.ts'
import { decideHostEvent } from '../../src/domain/decide-host-event.ts'
import { decideVoid } from '../../src/domain/decide-void.ts'
import { type Decision, knownMessage, type Situation } from '../../src/domain/decision.ts'
import type { CaseRequest, HostEventRequest } from '../../src/domain/requests.ts'
import type { HostMessage, JournalEntry } from '../../src/domain/types.ts'
import * as f from './fixtures.ts'

const forVoid: Situation = { ...f.situation, original: f.original }
const approval = decideVoid(f.voidRequest, forVoid, f.supplies)
const event = (name: string) =>
  ({ ...f.voidRequest, kind: 'host_event', event: name, hostRrn: null }) as unknown as HostEventRequest
const person = { ...f.voidRequest, kind: 'case', resolution: 'stands' } as unknown as CaseRequest

function entryOf(decision: Decision): JournalEntry {
  if (decision.kind !== 'commit') throw new Error('expected a commit')
  return { ...decision.draft, seq: 3, previousHash: 'a'.repeat(64), hash: 'b'.repeat(64) }
}

const claim = entryOf(claimed(approval, forVoid, f.supplies))
const forwarded = claim.effects.claim as HostMessage
const claimedVoid: Situation = { ...forVoid, earlier: claim, claim, forwarded }

describe('it is a mistake', () => {
  it.each([
    ['to claim a void without its sale', () => claimed(approval, f.situation, f.supplies), /has its sale/],
    [
      'to hear a host on what was never claimed',
      () => decideHostEvent(event('host_approved'), { ...claimedVoid, claim: null }, f.supplies),
      /what follows a claim has one/,
    ],
    [
      'or is at no host',
      () => decideHostEvent(event('host_approved'), { ...claimedVoid, forwarded: null }, f.supplies),
      /what follows a claim has one/,
    ],
    [
      'to hear what no host says',
      () => decideHostEvent(event('reversal'), claimedVoid, f.supplies),
      /no such event/,
    ],
    [
      'to decide a case of what was never claimed',
      () => decideCase(person, { ...claimedVoid, claim: null }, f.supplies),
      /what follows a claim has one/,
    ],
    [
      'to approve a claim of nothing',
      () =>
        decideHostEvent(
          event('host_approved'),
          { ...claimedVoid, claim: { ...claim, effects: { claim: forwarded } } },
          f.supplies,
        ),
      /of a sale or of a void/,
    ],
    [
      'to take an entry without an answer for anything but a claim',
      () => knownMessage(f.voidRequest, { ...claimedVoid, forwarded: null }, f.supplies),
      /is a claim/,
    ],
  ])('%s', (_, make, says) => {
    expect(make).toThrow(says)
    expect(make).not.toThrow(new RegExp(`${f.sale.rrn}|1234(?!5)`))
  })
})

it('an approval that is of no sale and no void needs no host', () => {
  const entry = { ...approval, draft: { ...entryOf(approval), effects: {} } } as Decision
  expect(claimed(entry, forVoid, f.supplies)).toBe(entry)
})
