/** @module What a decision is handed: the entries, reversals, keys and credentials that a message names, and no one else's. */

import { beforeEach, expect, it } from 'vitest'
import { sandbox } from '../../src/acquirer/sandbox.ts'
import type { PipelineMessage } from '../../src/pipeline/types.ts'
import { load } from '../../src/store/load.ts'
import { keyOf, MID, TID } from '../domain/fixtures.ts'
import { type Knowledge, messageFor, messageOf } from '../model/messages.ts'
import { House } from '../support/house.ts'

const SALE = keyOf('000001', 'sale')
const BEARER = 'a'.repeat(64)

let house: House
const one = async (item: Parameters<typeof load>[1][number]) => {
  const [loaded] = await load(house.options.db, [item])
  if (loaded === undefined) throw new Error('one item gives one answer')
  return loaded
}

function message(command: Parameters<typeof messageFor>[0], number = 1): PipelineMessage {
  const id = String(house.rows('select id from sale')[0]?.id ?? '')
  const remember: Knowledge['remember'] = () => ({
    key: SALE,
    kind: 'sale',
    amount: 100,
    isAnswered: true,
    id,
    rrn: '',
  })
  const asked = messageFor(
    command,
    { open: '000001', now: 0, debit: [0, 0], credit: [0, 0], remember },
    number,
  )
  if (asked === null) throw new Error('no message')
  return messageOf(asked)
}

beforeEach(async () => {
  house = new House(sandbox)
  await house.send(message({ kind: 'provision', window: 'minutes' }, 0))
  await house.send(message({ kind: 'sale', stan: 1, batch: 'open', amount: 100, currency: '156' }))
  house.rows('insert into api_key values (?, ?, ?, 0, null)', BEARER, MID, 'office')
  house.rows('insert into api_key values (?, null, ?, 0, null)', 'b'.repeat(64), 'operations')
  house.rows('insert into api_key values (?, null, ?, 0, 1)', 'c'.repeat(64), 'revoked')
})

it('nothing is found of nothing', async () => {
  expect(await one({})).toEqual({
    terminal: null,
    merchant: null,
    namedBatch: null,
    masterKey: null,
    keySets: [],
    earlier: null,
    claim: null,
    forwarded: null,
    target: null,
    targetForwarded: null,
    undecided: false,
    reversal: null,
    targetReversal: null,
    original: null,
    credential: null,
  })
})

it('a terminal comes with its merchant, its batch and the batch that is named', async () => {
  const found = await one({ terminalId: TID, batchNumber: '000001', masterKey: true })
  expect(found.terminal).toMatchObject({
    terminalId: TID,
    batch: { batchNumber: '000001', debitAmount: 100 },
  })
  expect(found.terminal?.head.seq).toBe(2)
  expect(found.merchant).toMatchObject({ merchantId: MID, window: { kind: 'minutes', minutes: 3 } })
  expect(found.namedBatch).toMatchObject({ batchNumber: '000001', state: 'open' })
  expect(found.masterKey).toMatchObject({ version: 1, wrapped: 'wrapped' })
  const other = await one({ terminalId: TID, batchNumber: '000009' })
  expect([other.namedBatch, other.masterKey]).toEqual([null, null])
  expect((await one({ terminalId: '99999999', merchantId: MID })).merchant?.merchantId).toBe(MID)
})

it('of key sets those that are not dead, the one in use first, then the newest', async () => {
  const plant = (version: number) =>
    house.rows(
      'insert into key_set (terminal_id, version, layout, mak, tpk, created_at) values (?, ?, ?, ?, ?, 0)',
      TID,
      version,
      String(version),
      'mak',
      'tpk',
    )
  for (const version of [5, 3, 4, 6]) plant(version)
  const versions = async () => (await one({ terminalId: TID })).keySets.map(({ version }) => version)
  expect(await versions()).toEqual([6, 5, 4, 3])
  house.rows('update terminal set key_version = 4')
  expect(await versions()).toEqual([4, 6, 5])
})

it('a message is found by its key, its sale by id, key, RRN or the key of a void of it', async () => {
  await house.send(
    message({ kind: 'void', stan: 2, batch: 'open', ago: 0, by: 'key', off: 0, card: 'right' }),
  )
  const found = await one({ messageKey: SALE })
  expect(found.earlier?.messageKey).toBe(SALE)
  const { id = '', rrn = '' } = found.earlier?.effects.sale ?? {}
  const state = { sale: { id, rrn }, liveVoid: { state: 'approved', forwarded: false }, batchState: 'open' }
  for (const named of [
    { saleId: id },
    { saleKey: SALE },
    { saleRrn: rrn },
    { saleOfVoidKey: keyOf('000002', 'void') },
  ])
    expect((await one(named)).original).toMatchObject(state)
  expect((await one({ saleId: id })).terminal?.terminalId).toBe(TID)
})

it('a reversal’s target is found with what became of it', async () => {
  await house.send(message({ kind: 'reversal', of: 'sale', ago: 0, off: 0, card: 'right' }))
  const found = await one({ messageKey: keyOf('000001', 'sale_reversal'), targetKey: SALE })
  expect(found.earlier?.kind).toBe('sale_reversal')
  expect(found.target?.messageKey).toBe(SALE)
  expect(found.targetReversal).toEqual({ targetKey: SALE, kind: 'reversed' })
  expect((await one({ messageKey: SALE })).reversal).toEqual({ targetKey: SALE, kind: 'reversed' })
})

it('an Idempotency-Key is one within its credential’s merchant, and of its kind', async () => {
  await house.send(message({ kind: 'json_void', key: 1, ago: 0, off: 0, currency: '156' }))
  await house.send(message({ kind: 'json_reversal', key: 1, target: 1, ago: 0, off: 0 }))
  const key = '000001'
  const mine = await one({ credential: BEARER, idempotencyKey: key })
  expect([mine.earlier?.kind, mine.credential?.merchantId]).toEqual(['void', MID])
  const reversal = await one({
    credential: BEARER,
    idempotencyKey: key,
    idempotencyKind: 'void_reversal',
    targetIdempotencyKey: key,
  })
  expect([reversal.earlier?.kind, reversal.target?.kind]).toEqual(['void_reversal', 'void'])
  // An administrator's own, and no one's.
  expect((await one({ credential: 'b'.repeat(64), idempotencyKey: key })).earlier).toBeNull()
  const revoked = await one({ credential: 'c'.repeat(64), idempotencyKey: key })
  expect([revoked.earlier, revoked.credential]).toEqual([null, null])
})

it('a sale whose card is not known has none', async () => {
  house.rows('update sale set card_first6 = null, card_last4 = null, card_fingerprint = null')
  expect((await one({ saleKey: SALE })).original?.sale.card).toBeNull()
})

it('a set gives each its own', async () => {
  const [first, second, third] = await load(house.options.db, [
    { terminalId: '99999999' },
    { terminalId: TID, messageKey: SALE },
    { credential: BEARER },
  ])
  expect([first?.terminal, second?.terminal?.terminalId, third?.terminal]).toEqual([null, TID, null])
  expect([first?.earlier, second?.earlier?.messageKey, third?.earlier]).toEqual([null, SALE, null])
  expect([first?.credential, second?.credential, third?.credential?.name]).toEqual([null, null, 'office'])
})
