/**
 * @module The parts that every message shares: identity, terminal checks, and the decided fields of an
 * answer.
 */

import { describe, expect, it } from 'vitest'
import { refuseTerminal, refuseUnproved } from '../../src/domain/admit.ts'
import { answerOf, type LoadedState, repeatedMessage } from '../../src/domain/decision.ts'
import type { DeclineReason } from '../../src/domain/decline-reason.ts'
import { apiMessageKey, posMessageKey } from '../../src/domain/message-key.ts'
import { maskPan } from '../../src/domain/pan.ts'
import type { Merchant, Terminal } from '../../src/domain/types.ts'
import {
  entryFor,
  generated,
  loadedState,
  MID,
  merchant,
  NOW,
  TID,
  terminal,
  voidRequest,
} from './fixtures.ts'

describe('knownMessage', () => {
  const same = entryFor(voidRequest)
  const other = entryFor({ ...voidRequest, contentFingerprint: 'other' })
  const reversal = { targetKey: voidRequest.messageKey, kind: 'reversed' } as const
  const tombstone = { targetKey: voidRequest.messageKey, kind: 'tombstone' } as const
  const rows: [string, Partial<LoadedState>, DeclineReason | 'replay' | null][] = [
    ['never seen', {}, null],
    ['seen', { earlier: same }, 'replay'],
    ['the same key with different content', { earlier: other }, 'key_reused_with_different_content'],
    ['seen and reversed', { earlier: same, reversal }, 'message_reversed'],
    ['reversed before it arrived', { reversal: tombstone }, 'message_reversed'],
    ['reversed, with different content', { earlier: other, reversal }, 'key_reused_with_different_content'],
  ]
  it.each(rows)('%s → %s', (_, found, expected) => {
    const decision = repeatedMessage(voidRequest, { ...loadedState, ...found }, generated)
    if (decision === null) return expect(expected).toBeNull()
    if (decision.kind === 'replay') {
      expect(expected).toBe('replay')
      expect(decision.entry).toBe(same)
    } else {
      expect(decision).toMatchObject({ kind: 'answer', answer: { reason: expected } })
    }
  })
})

describe('refuseTerminal', () => {
  const rows: [string, Terminal | null, Merchant | null, string, DeclineReason | null][] = [
    ['an active terminal of an active merchant', terminal, merchant, MID, null],
    ['no terminal', null, merchant, MID, 'terminal_unknown'],
    ['no merchant', terminal, null, MID, 'terminal_unknown'],
    ['a terminal of another merchant', terminal, merchant, '999999999999999', 'merchant_unknown'],
    ['a closed merchant', terminal, { ...merchant, status: 'closed' }, MID, 'merchant_unknown'],
    ['a blocked terminal', { ...terminal, status: 'blocked' }, merchant, MID, 'terminal_not_allowed'],
    ['a stolen terminal', { ...terminal, status: 'stolen' }, merchant, MID, 'terminal_not_allowed'],
    ['a retired terminal', { ...terminal, status: 'retired' }, merchant, MID, 'terminal_not_allowed'],
    [
      'a stolen terminal that names another merchant',
      { ...terminal, status: 'stolen' },
      merchant,
      '999999999999999',
      'merchant_unknown',
    ],
    [
      'a stolen terminal of a closed merchant',
      { ...terminal, status: 'stolen' },
      { ...merchant, status: 'closed' },
      MID,
      'merchant_unknown',
    ],
  ]
  it.each(rows)('%s', (_, found, owner, named, expected) => {
    expect(refuseTerminal(found, owner, named)).toBe(expected)
    expect(refuseUnproved(found, owner, named)).toBe(expected === null ? null : 'terminal_unknown')
  })
})

describe('answerOf', () => {
  it('holds the code, reason, text encoding and local time', () => {
    expect(answerOf(loadedState, generated, 'window_expired')).toEqual({
      responseCode: '12',
      reason: 'window_expired',
      rrn: '000000000102',
      authorizationCode: null,
      at: NOW,
      localTime: '101900',
      localDate: '0601',
      settlementDate: '0601',
      textEncoding: 'gbk',
      texts: 'short',
    })
  })

  it('of an approval is 00 and holds the given values', () => {
    const more = { authorizationCode: '123456', rrn: '900000000001', totals: '1' }
    expect(answerOf(loadedState, generated, null, more)).toMatchObject({
      responseCode: '00',
      reason: null,
      ...more,
    })
  })
})

describe('a message key', () => {
  it('holds every part, with the kind last', () => {
    const place = { merchantId: MID, terminalId: TID, batchNumber: '000001', stan: '000002' }
    expect(posMessageKey(place, 'void')).toBe(`${TID}000001000002v`)
    expect(posMessageKey(place, 'sale')).not.toBe(posMessageKey(place, 'void'))
  })

  it('of the JSON API belongs to its scope and never equals a terminal’s key', () => {
    expect(apiMessageKey(MID, 'void', 'order-1')).toBe(`api|${MID}|void|order-1`)
    expect(apiMessageKey('admin', 'void', 'order-1')).not.toBe(apiMessageKey(MID, 'void', 'order-1'))
  })
})

describe('maskPan', () => {
  it.each([
    ['6225000000000014', '622500******0014'],
    ['6225000000000', '622500***0000'],
    ['6225000000000000014', '622500*********0014'],
    ['622500000000', '************'],
    ['', ''],
  ])('%s → %s', (pan, masked) => {
    expect(maskPan(pan)).toBe(masked)
  })
})
