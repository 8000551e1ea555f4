/** @module Inputs that no caller may pass to a decision. It throws, without any content of the message. */

import { describe, expect, it } from 'vitest'
import { decideAcquirerEvent } from '../../src/domain/decide-acquirer-event.ts'
import { decideCase } from '../../src/domain/decide-case.ts'
import { asPending } from '../../src/domain/decide-claim.ts'
import { decideVoid } from '../../src/domain/decide-void.ts'
import { type Decision, type LoadedState, repeatedMessage } from '../../src/domain/decision.ts'
import type { AcquirerEventRequest, CaseRequest } from '../../src/domain/requests.ts'
import type { AcquirerMessage, JournalEntry } from '../../src/domain/types.ts'
import * as f from './fixtures.ts'

const forVoid: LoadedState = { ...f.loadedState, original: f.original }
const approval = decideVoid(f.voidRequest, forVoid, f.generated)
const event = (name: string) =>
  ({
    ...f.voidRequest,
    kind: 'acquirer_event',
    event: name,
    acquirerRrn: null,
  }) as unknown as AcquirerEventRequest
const caseRequest = { ...f.voidRequest, kind: 'case', resolution: 'stands' } as unknown as CaseRequest

function entryOf(decision: Decision): JournalEntry {
  if (decision.kind !== 'commit') throw new Error('expected a commit')
  return { ...decision.draft, seq: 3, hash: 'b'.repeat(64) }
}

const claim = entryOf(asPending(approval, forVoid, f.generated))
const forwarded = claim.effects.claim as AcquirerMessage
const claimedVoid: LoadedState = { ...forVoid, earlier: claim, claim, forwarded }

describe('throws on', () => {
  it.each([
    [
      'a claim for a void without its sale',
      () => asPending(approval, f.loadedState, f.generated),
      /has its sale/,
    ],
    [
      'an acquirer event for an unclaimed message',
      () => decideAcquirerEvent(event('acquirer_approved'), { ...claimedVoid, claim: null }, f.generated),
      /an entry after a claim needs the claim/,
    ],
    [
      'an acquirer event for a message that was not forwarded',
      () => decideAcquirerEvent(event('acquirer_approved'), { ...claimedVoid, forwarded: null }, f.generated),
      /an entry after a claim needs the claim/,
    ],
    [
      'an unknown acquirer event',
      () => decideAcquirerEvent(event('reversal'), claimedVoid, f.generated),
      /unknown event/,
    ],
    [
      'a case decision for an unclaimed message',
      () => decideCase(caseRequest, { ...claimedVoid, claim: null }, f.generated),
      /an entry after a claim needs the claim/,
    ],
    [
      'an approval of an empty claim',
      () =>
        decideAcquirerEvent(
          event('acquirer_approved'),
          { ...claimedVoid, claim: { ...claim, effects: { claim: forwarded } } },
          f.generated,
        ),
      /has a sale or a void/,
    ],
    [
      'an entry that has no answer and is not a claim',
      () => repeatedMessage(f.voidRequest, { ...claimedVoid, forwarded: null }, f.generated),
      /is a claim/,
    ],
  ])('%s', (_, make, says) => {
    expect(make).toThrow(says)
    expect(make).not.toThrow(new RegExp(`${f.sale.rrn}|1234(?!5)`))
  })
})

it('does not forward an approval without a sale or a void', () => {
  const entry = { ...approval, draft: { ...entryOf(approval), effects: {} } } as Decision
  expect(asPending(entry, forVoid, f.generated)).toBe(entry)
})
