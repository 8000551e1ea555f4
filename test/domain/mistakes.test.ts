/** @module What no caller may hand to a decision: it throws, and says nothing of what the message holds. */

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
const person = { ...f.voidRequest, kind: 'case', resolution: 'stands' } as unknown as CaseRequest

function entryOf(decision: Decision): JournalEntry {
  if (decision.kind !== 'commit') throw new Error('expected a commit')
  return { ...decision.draft, seq: 3, previousHash: 'a'.repeat(64), hash: 'b'.repeat(64) }
}

const claim = entryOf(asPending(approval, forVoid, f.generated))
const forwarded = claim.effects.claim as AcquirerMessage
const claimedVoid: LoadedState = { ...forVoid, earlier: claim, claim, forwarded }

describe('it is a mistake', () => {
  it.each([
    [
      'to claim a void without its sale',
      () => asPending(approval, f.loadedState, f.generated),
      /has its sale/,
    ],
    [
      'to hear an acquirer on what was never claimed',
      () => decideAcquirerEvent(event('acquirer_approved'), { ...claimedVoid, claim: null }, f.generated),
      /an entry after a claim needs the claim/,
    ],
    [
      'or is at no acquirer',
      () => decideAcquirerEvent(event('acquirer_approved'), { ...claimedVoid, forwarded: null }, f.generated),
      /an entry after a claim needs the claim/,
    ],
    [
      'to hear what no acquirer says',
      () => decideAcquirerEvent(event('reversal'), claimedVoid, f.generated),
      /unknown event/,
    ],
    [
      'to decide a case of what was never claimed',
      () => decideCase(person, { ...claimedVoid, claim: null }, f.generated),
      /an entry after a claim needs the claim/,
    ],
    [
      'to approve a claim of nothing',
      () =>
        decideAcquirerEvent(
          event('acquirer_approved'),
          { ...claimedVoid, claim: { ...claim, effects: { claim: forwarded } } },
          f.generated,
        ),
      /has a sale or a void/,
    ],
    [
      'to take an entry without an answer for anything but a claim',
      () => repeatedMessage(f.voidRequest, { ...claimedVoid, forwarded: null }, f.generated),
      /is a claim/,
    ],
  ])('%s', (_, make, says) => {
    expect(make).toThrow(says)
    expect(make).not.toThrow(new RegExp(`${f.sale.rrn}|1234(?!5)`))
  })
})

it('an approval that is of no sale and no void needs no acquirer', () => {
  const entry = { ...approval, draft: { ...entryOf(approval), effects: {} } } as Decision
  expect(asPending(entry, forVoid, f.generated)).toBe(entry)
})
