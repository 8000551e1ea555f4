/** @module The host's list against what we hold: every state and every word, and what each comes to. */

import { describe, expect, it } from 'vitest'
import { compareListing, type Finding, type Listing } from '../../src/domain/compare-listing.ts'
import { claimed } from '../../src/domain/decide-claim.ts'
import { decideListing } from '../../src/domain/decide-listing.ts'
import { decideVoid } from '../../src/domain/decide-void.ts'
import type { Decision, Situation } from '../../src/domain/decision.ts'
import { HOST_STATES, HOST_WORDS, type HostState, type HostWord } from '../../src/domain/host-state.ts'
import type { ListingRequest } from '../../src/domain/requests.ts'
import type { HostMessage, JournalEntry } from '../../src/domain/types.ts'
import * as f from './fixtures.ts'

function draftOf(decision: Decision) {
  if (decision.kind !== 'commit') throw new Error(`expected a commit, not ${decision.kind}`)
  return decision.draft
}

const forVoid: Situation = { ...f.situation, original: f.original }
const claim: JournalEntry = {
  ...draftOf(claimed(decideVoid(f.voidRequest, forVoid, f.supplies), forVoid, f.supplies)),
  seq: 3,
  previousHash: 'a'.repeat(64),
  hash: 'b'.repeat(64),
}
const message = claim.effects.claim as HostMessage

const AS_OF = f.NOW + 3_600_000
const LATER = { ...f.supplies, now: AS_OF + 1 }

const held = (state: HostState, more: Partial<HostMessage> = {}, isBatchOpen = true) => ({
  message: { ...message, state, ...more },
  isBatchOpen,
})

const listing: Listing = {
  kind: 'void',
  merchantId: message.merchantId,
  terminalId: message.terminalId,
  batchNumber: message.batchNumber,
  hostStan: message.hostStan,
  state: 'approved',
  amount: message.amount,
  currencyCode: '156',
  hostRrn: 'HOST00000009',
  authorizationCode: '909090',
  original: { batchNumber: message.batchNumber, hostStan: '000001' },
}

const saying = (state: HostWord): Listing => ({
  ...listing,
  state,
  amount: state === 'absent' ? null : listing.amount,
})

const summary = (found: Finding): string =>
  found.finding === 'answers' ? found.event : found.finding === 'differs' ? found.difference : found.finding

/** State → what the list's word comes to: approved, declined, reversed, absent. */
const TABLE: Readonly<Record<HostState, readonly string[]>> = {
  pending: ['host_approved', 'host_declined', 'host_declined', 'owed'],
  undoing: ['owed', 'host_undone', 'host_undone', 'owed'],
  approved: ['agrees', 'state', 'state', 'only_ours'],
  declined: ['state', 'agrees', 'agrees', 'agrees'],
  reversing: ['owed', 'host_undone', 'host_undone', 'owed'],
  reversed: ['state', 'agrees', 'agrees', 'agrees'],
}

describe('a line of the list', () => {
  it.each(HOST_STATES)('of what is %s here', (state) => {
    const found = HOST_WORDS.map((word) => summary(compareListing(held(state), saying(word), AS_OF)))
    expect(found).toEqual(TABLE[state])
  })

  it('of what we have no trace of', () => {
    expect(HOST_WORDS.map((word) => summary(compareListing(null, saying(word), AS_OF)))).toEqual([
      'only_host',
      'only_host',
      'only_host',
      'agrees',
    ])
  })

  it('says nothing of what changed here after the list was made', () => {
    for (const state of HOST_STATES)
      expect(summary(compareListing(held(state, { movedAt: AS_OF + 1 }), saying('declined'), AS_OF))).toBe(
        'later',
      )
  })

  it.each([
    ['another amount', { amount: 1 }, 'amount'],
    ['another kind', { kind: 'sale' }, 'identity'],
    ['another merchant', { merchantId: 'x'.repeat(15) }, 'identity'],
    ['another currency', { currencyCode: '840' }, 'identity'],
    ['no currency', { currencyCode: null }, 'agrees'],
  ] as const)('with %s', (_, change, expected) => {
    expect(summary(compareListing(held('approved'), { ...listing, ...change }, AS_OF))).toBe(expected)
    expect(summary(compareListing(held('pending'), { ...listing, ...change }, AS_OF))).toBe(
      expected === 'agrees' ? 'host_approved' : expected,
    )
  })

  it('with another amount of what stands nowhere is nothing to look at', () => {
    const line = { ...saying('declined'), amount: 1 }
    expect(summary(compareListing(held('declined'), line, AS_OF))).toBe('agrees')
  })

  it('that approves a void of a batch closed meanwhile is for a person', () => {
    expect(summary(compareListing(held('pending', {}, false), listing, AS_OF))).toBe('state')
  })

  it('is known once a case says the same, open or closed, and not when it says something else', () => {
    const told = { caseReason: 'host_differs', hostSaid: 'declined', hostAmount: listing.amount } as const
    for (const caseClosedAt of [null, f.NOW]) {
      const before = held('approved', { ...told, caseOpenedAt: f.NOW, caseClosedAt })
      expect(summary(compareListing(before, saying('declined'), AS_OF))).toBe('known')
      expect(summary(compareListing(before, saying('reversed'), AS_OF))).toBe('state')
      expect(summary(compareListing(before, { ...saying('declined'), amount: 1 }, AS_OF))).toBe('amount')
    }
  })
})

const request = (line: Listing, messageKey = message.messageKey): ListingRequest => ({
  ...f.voidRequest,
  kind: 'listing',
  door: 'json',
  messageKey,
  contentFingerprint: '',
  request: { hostSaid: line.state },
  listing: line,
  asOf: AS_OF,
})

const at = (state: HostState, more: Partial<HostMessage> = {}): Situation => ({
  ...f.situation,
  earlier: claim,
  claim,
  forwarded: held(state, more).message,
})

describe('applied', () => {
  it('an answer is the host’s word, with its references', () => {
    expect(draftOf(decideListing(request(listing), at('pending'), LATER))).toMatchObject({
      kind: 'void',
      answer: { responseCode: '00', authorizationCode: '909090' },
      effects: { hostMoves: [{ state: 'approved', hostRrn: 'HOST00000009' }] },
    })
    expect(draftOf(decideListing(request(saying('reversed')), at('pending'), LATER)).answer?.reason).toBe(
      'message_reversed',
    )
    expect(draftOf(decideListing(request(saying('declined')), at('reversing'), LATER)).kind).toBe(
      'host_undone',
    )
  })

  it('a difference is a case, which leaves the state and goes on asking where something is owed', () => {
    const { kind, messageKey, effects } = draftOf(
      decideListing(request(saying('absent')), at('approved'), LATER),
    )
    expect([kind, messageKey]).toEqual(['case', `${message.messageKey}|case|${f.terminal.head.seq + 1}`])
    expect(effects).toEqual({
      hostMoves: [
        {
          messageKey: message.messageKey,
          state: 'approved',
          at: LATER.now,
          nextAt: null,
          caseReason: 'host_differs',
          hostSaid: 'absent',
          hostAmount: null,
        },
      ],
    })
    const other = draftOf(decideListing(request({ ...listing, amount: 1 }), at('pending'), LATER))
    expect(other.effects.hostMoves).toMatchObject([{ state: 'pending', nextAt: LATER.now, hostAmount: 1 }])
  })

  it('what agrees, is owed, or came later writes nothing', () => {
    for (const [line, state, more] of [
      [listing, 'approved', {}],
      [listing, 'undoing', {}],
      [saying('declined'), 'approved', { movedAt: AS_OF + 1 }],
    ] as const)
      expect(decideListing(request(line), at(state, more), LATER).kind).toBe('pending')
  })

  const lost = (line: Listing, more: Partial<Situation> = {}) =>
    draftOf(
      decideListing(
        request(line, 'host|x'),
        { ...f.situation, forwarded: null, original: f.original, ...more },
        LATER,
      ),
    )

  it('a void that only the host has is taken up with a case, and counts', () => {
    const { kind, answer, effects } = lost(listing)
    expect([kind, answer]).toEqual(['host_only', null])
    expect(effects).toMatchObject({
      claim: {
        messageKey: 'host|x',
        state: 'approved',
        hostStan: message.hostStan,
        rrn: LATER.rrn,
        caseReason: 'only_host',
        caseOpenedAt: LATER.now,
        hostSaid: 'approved',
      },
      voidRecord: { state: 'approved', saleId: f.sale.id, stan: null, authorizationCode: '909090' },
      batch: { creditAmount: 1234, creditCount: 1 },
    })
  })

  const liveVoid = { id: 'v', messageKey: 'v', state: 'pending', forwarded: true } as const
  it.each([
    ['whose sale is not known', listing, { original: null }],
    ['whose sale is reversed', listing, { original: { ...f.original, reversed: true } }],
    ['whose sale has a void', listing, { original: { ...f.original, liveVoid } }],
    ['of another amount than the sale', { ...listing, amount: 1 }, {}],
    ['of another batch than the sale', { ...listing, batchNumber: '000009' }, {}],
  ] as const)('one %s is written down with a case, and no more', (_, line, more) => {
    const { effects } = lost(line, more)
    expect(Object.keys(effects)).toEqual(['claim'])
    expect(effects.claim).toMatchObject({ state: 'approved', caseReason: 'only_host' })
  })

  it('of a closed batch it is taken up and not counted', () => {
    const terminal = { ...f.terminal, batch: { ...f.batch, batchNumber: '000002' } }
    expect(Object.keys(lost(listing, { terminal }).effects)).toEqual(['claim', 'voidRecord'])
  })

  it('what has no effect there either needs no person', () => {
    for (const [word, state] of [
      ['declined', 'declined'],
      ['reversed', 'reversed'],
    ] as const) {
      const { effects } = lost(saying(word))
      expect(Object.keys(effects)).toEqual(['claim'])
      expect(effects.claim).toMatchObject({ state, caseReason: null, caseOpenedAt: null })
    }
  })
})

describe('a line of a sale that was fed', () => {
  const ofSale = { ...listing, kind: 'sale', hostStan: f.sale.stan, amount: f.sale.amount } as const
  const decide = (line: Listing, original = f.original, earlier: JournalEntry | null = f.saleEntry) =>
    decideListing(
      request(line, f.sale.messageKey),
      { ...f.situation, forwarded: null, earlier, original },
      LATER,
    )

  it('that says what we hold changes nothing', () => {
    expect(decide(ofSale)).toMatchObject({ kind: 'replay', entry: f.saleEntry })
    expect(decide({ ...ofSale, state: 'reversed' }, { ...f.original, reversed: true }).kind).toBe('replay')
  })

  it.each([
    ['another state', { ...ofSale, state: 'declined' }],
    ['another amount', { ...ofSale, amount: 1 }],
  ] as const)('that says %s makes it a message at the host, with a case', (_, line) => {
    const { kind, messageKey, answer, effects } = draftOf(decide(line))
    const seq = f.terminal.head.seq + 1
    expect([kind, messageKey, answer]).toEqual(['case', `${f.sale.messageKey}|case|${seq}`, null])
    expect(effects).toEqual({
      claim: expect.objectContaining({
        messageKey: f.sale.messageKey,
        kind: 'sale',
        state: 'approved',
        hostStan: f.sale.stan,
        hostRrn: line.hostRrn,
        rrn: LATER.rrn,
        amount: f.sale.amount,
        movedAt: AS_OF,
        claimedAt: LATER.now,
        decideBy: LATER.now,
        caseReason: 'host_differs',
        caseOpenedAt: LATER.now,
        caseClosedAt: null,
        hostSaid: line.state,
        hostAmount: line.amount,
      }),
    })
  })

  it('is of no such sale where that was never told, or is another', () => {
    expect(draftOf(decide(ofSale, f.original, null)).kind).toBe('host_only')
    const other = { ...f.original, sale: { ...f.sale, messageKey: 'another' } }
    expect(draftOf(decide(ofSale, other)).kind).toBe('host_only')
    const untold = { ...f.saleEntry, answer: null }
    expect(draftOf(decide(ofSale, f.original, untold)).kind).toBe('host_only')
  })
})
