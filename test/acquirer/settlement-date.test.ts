/** @module Field 15 of the acquirer's answers: which messages keep their day, and under which setting. */

import { describe, expect, it } from 'vitest'
import { checkResponse } from '../../src/acquirer/check-response.ts'
import { decideAcquirerEvent } from '../../src/domain/decide-acquirer-event.ts'
import { asPending } from '../../src/domain/decide-claim.ts'
import { decideVoid } from '../../src/domain/decide-void.ts'
import type { LoadedState } from '../../src/domain/decision.ts'
import type { AcquirerEventRequest } from '../../src/domain/requests.ts'
import type { AcquirerMessage, JournalEntry } from '../../src/domain/types.ts'
import { answerFrame } from '../../src/iso8583/frame.ts'
import { packSigned } from '../../src/iso8583/mac.ts'
import { readMessage } from '../../src/iso8583/received.ts'
import * as f from '../domain/fixtures.ts'
import { aSale, core, macKeyFor, openHttpsHarness } from './https-harness.ts'

const KEY = { core, macProfile: 'cup-ecb', macKey: macKeyFor('cup-ecb') } as const

/** The response to a sale that the acquirer approves with this field 15. */
async function responseWith(field15: string | undefined, hasDays?: boolean) {
  const { acquirer, sent, received } = openHttpsHarness()
  await acquirer.ask(aSale())
  const request = readMessage(sent[0] ?? new Uint8Array(0), core.lrc)
  const answer = readMessage(received[0] ?? new Uint8Array(0), core.lrc)
  if (!request.ok || !answer.ok) throw new Error('no exchange')
  const fields = new Map(answer.value.message.fields)
  fields.delete(64)
  if (field15 === undefined) fields.delete(15)
  else fields.set(15, field15)
  const body = packSigned(KEY, { ...answer.value.message, fields })
  const rules = hasDays === undefined ? KEY : { ...KEY, hasDays }
  const bytes = answerFrame(request.value.frame, body, {}, core.lrc)
  return checkResponse(rules, aSale(), request.value.message, bytes)
}

describe('field 15 of an approval', () => {
  it.each([
    ['0601', true, '0601'],
    ['1231', true, '1231'],
    ['0000', true, undefined],
    [undefined, true, undefined],
    ['0601', false, undefined],
    ['0601', undefined, undefined],
  ])('%s, with days %s: %s', async (field15, hasDays, expected) => {
    const response = await responseWith(field15, hasDays)
    expect(response.kind).toBe('approved')
    expect('settlementDate' in response ? response.settlementDate : undefined).toBe(expected)
  })
})

const forVoid: LoadedState = { ...f.loadedState, original: f.original }
const pending = asPending(decideVoid(f.voidRequest, forVoid, f.generated), forVoid, f.generated)
if (pending.kind !== 'commit') throw new Error('no claim')
const claim: JournalEntry = { ...pending.draft, seq: 3, hash: 'b'.repeat(64) }
const message = claim.effects.claim as AcquirerMessage

/** The date that the entry of an event keeps. */
function keptDate(
  state: AcquirerMessage['state'],
  event: AcquirerEventRequest['event'],
  dates: { readonly acquirer?: string; readonly clock?: string },
  caseOpenedAt: number | null = null,
): string | undefined {
  const request: AcquirerEventRequest = {
    kind: 'acquirer_event',
    door: 'terminal',
    merchantId: message.merchantId,
    messageKey: message.messageKey,
    contentFingerprint: '',
    request: {},
    sender: f.voidRequest.sender,
    event,
    acquirerRrn: null,
    authorizationCode: null,
    reason: null,
    ...(dates.acquirer === undefined ? {} : { settlementDate: dates.acquirer }),
  }
  const generated = { ...f.generated, ...(dates.clock === undefined ? {} : { acquirerDate: dates.clock }) }
  const decision = decideAcquirerEvent(
    request,
    { ...forVoid, claim, forwarded: { ...message, state, caseOpenedAt } },
    generated,
  )
  if (decision.kind !== 'commit') throw new Error(`no entry: ${decision.kind}`)
  return decision.draft.effects.acquirerMoves?.[0]?.settlementDate
}

describe('the date of a message', () => {
  it.each([
    [{ acquirer: '0601', clock: '0601' }, undefined],
    [{ acquirer: '0602', clock: '0601' }, '0602'],
    [{ acquirer: '0601', clock: '0602' }, '0601'],
    [{ clock: '0602' }, undefined],
    [{}, undefined],
  ])('of an approval is kept only if the clock has another one: %j', (dates, kept) => {
    expect(keptDate('pending', 'acquirer_approved', dates)).toBe(kept)
    expect(keptDate('undoing', 'reversal_refused', dates)).toBe(kept)
  })

  it('of a message that the acquirer keeps is kept, because its move comes later', () => {
    expect(keptDate('reversing', 'reversal_refused', { acquirer: '0601', clock: '0601' })).toBe('0601')
    expect(keptDate('reversing', 'reversal_refused', { clock: '0601' })).toBeUndefined()
  })

  it('of a message with a case is kept, because its day does not follow from its approval', () => {
    expect(keptDate('pending', 'acquirer_approved', { acquirer: '0601', clock: '0601' }, 1)).toBe('0601')
    expect(keptDate('undoing', 'reversal_refused', { acquirer: '0601', clock: '0601' }, 1)).toBe('0601')
    expect(keptDate('pending', 'acquirer_approved', { clock: '0601' }, 1)).toBeUndefined()
  })
})
