/**
 * @module The state that a decision gets: the entries, reversals, keys and credentials that the message
 * names, and no others.
 */

import { beforeEach, expect, it } from 'vitest'
import { sandbox } from '../../src/acquirer/sandbox.ts'
import type { PipelineMessage } from '../../src/pipeline/types.ts'
import { NEW_STREAM } from '../../src/store/head-mac.ts'
import { load } from '../../src/store/load.ts'
import { keyOf, MID, NOW, TID } from '../domain/fixtures.ts'
import type { Knowledge } from '../model/knowledge.ts'
import { messageFor, messageOf } from '../model/messages.ts'
import { apiKeyRow, INSERT_API_KEY } from '../support/api-key-row.ts'
import { TestService } from '../support/test-service.ts'

const SALE = keyOf('000001', 'sale')
const BEARER = 'a'.repeat(64)

let service: TestService
const one = async (item: Parameters<typeof load>[1][number]) => {
  const [loaded] = await load(service.options.db, [item], NOW)
  if (loaded === undefined) throw new Error('expected one result for one item')
  return loaded
}

function message(command: Parameters<typeof messageFor>[0], number = 1): PipelineMessage {
  const id = String(service.rows('select id from sale')[0]?.id ?? '')
  const find: Knowledge['find'] = () => ({
    key: SALE,
    kind: 'sale',
    amount: 100,
    isAnswered: true,
    id,
    rrn: '',
  })
  const request = messageFor(command, { open: '000001', now: 0, debit: [0, 0], credit: [0, 0], find }, number)
  if (request === null) throw new Error('no message')
  return messageOf(request)
}

beforeEach(async () => {
  service = new TestService(sandbox)
  await service.send(message({ kind: 'provision', window: 'minutes' }, 0))
  await service.send(message({ kind: 'sale', stan: 1, batch: 'open', amount: 100, currency: '156' }))
  service.rows(INSERT_API_KEY, ...apiKeyRow(BEARER, MID, { name: 'office' }))
  service.rows(INSERT_API_KEY, ...apiKeyRow('b'.repeat(64), null, { name: 'operations' }))
  service.rows(INSERT_API_KEY, ...apiKeyRow('c'.repeat(64), null, { name: 'revoked' }))
  service.rows("update api_key set revoked_at = 1 where name = 'revoked'")
})

it('loads nothing for an empty item', async () => {
  expect(await one({})).toEqual({
    terminal: null,
    head: NEW_STREAM,
    merchant: null,
    namedBatch: null,
    isBatchUsed: false,
    declared: null,
    masterKey: null,
    keySets: [],
    earlier: null,
    claim: null,
    forwarded: null,
    target: null,
    targetForwarded: null,
    isTargetClaimed: false,
    isTargetFollowed: false,
    undecided: false,
    takenBy: null,
    needs: [],
    refusals: null,
    reversal: null,
    targetReversal: null,
    original: null,
    isOriginalArchived: false,
    isOriginalPending: false,
    credential: null,
  })
})

it('loads a terminal with its merchant, its open batch and the named batch', async () => {
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

it('loads the live key sets: the current one first, then the newest', async () => {
  const insertKeySet = (version: number, tmkVersion = 1) =>
    service.rows(
      'insert into key_set (terminal_id, version, tmk_version, layout, mak, tpk, created_at) values (?, ?, ?, ?, ?, ?, 0)',
      TID,
      version,
      tmkVersion,
      String(version),
      'mak',
      'tpk',
    )
  for (const version of [5, 3, 4, 6]) insertKeySet(version)
  const versions = async () => (await one({ terminalId: TID })).keySets.map(({ version }) => version)
  expect(await versions()).toEqual([6, 5, 4, 3])
  service.rows('update terminal set key_version = 4')
  expect(await versions()).toEqual([4, 6, 5])
  // A set of another master key is dead, whatever its version.
  for (const [version, tmkVersion] of [
    [7, 0],
    [8, 2],
  ] as const)
    insertKeySet(version, tmkVersion)
  expect(await versions()).toEqual([4, 6, 5])
})

it('finds a message by its key, and its sale by id, key, RRN or the key of its void', async () => {
  await service.send(
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

it('loads the target of a reversal with its reversal', async () => {
  await service.send(message({ kind: 'reversal', of: 'sale', ago: 0, off: 0, card: 'right' }))
  const found = await one({ messageKey: keyOf('000001', 'sale_reversal'), targetKey: SALE })
  expect(found.earlier?.kind).toBe('sale_reversal')
  expect(found.target?.messageKey).toBe(SALE)
  expect(found.targetReversal).toEqual({ targetKey: SALE, kind: 'reversed' })
  expect((await one({ messageKey: SALE })).reversal).toEqual({ targetKey: SALE, kind: 'reversed' })
})

it('keeps an Idempotency-Key within its credential’s merchant and its kind', async () => {
  await service.send(message({ kind: 'json_void', key: 1, ago: 0, off: 0, currency: '156' }))
  await service.send(message({ kind: 'json_reversal', key: 1, target: 1, ago: 0, off: 0 }))
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
  // An administrator’s credential, and a revoked one.
  expect((await one({ credential: 'b'.repeat(64), idempotencyKey: key })).earlier).toBeNull()
  const revoked = await one({ credential: 'c'.repeat(64), idempotencyKey: key })
  expect([revoked.earlier, revoked.credential]).toEqual([null, null])
})

it.each([
  ['with an RRN', 7, false],
  ['without one', 0, true],
])('knows whether Annul made the RRN of a sale: of a captured sale %s', async (_, rrn, isOurs) => {
  const captured = { kind: 'captured_sale', stan: 9, batch: 'open', amount: 100, currency: '156' } as const
  await service.send(message({ ...captured, status: 'approved', rrn }))
  expect((await one({ saleKey: keyOf('000009', 'sale') })).original?.isRrnOurs).toBe(isOurs)
  expect((await one({ saleKey: SALE })).original?.isRrnOurs).toBe(true)
})

it('loads a sale without card as one without card', async () => {
  service.rows('update sale set card_first6_raw = null, card_last4_raw = null, card_fingerprint_raw = null')
  expect((await one({ saleKey: SALE })).original?.sale.card).toBeNull()
})

it('gives each item of a set its own state', async () => {
  const items = [{ terminalId: '99999999' }, { terminalId: TID, messageKey: SALE }, { credential: BEARER }]
  const [first, second, third] = await load(service.options.db, items, NOW)
  expect([first?.terminal, second?.terminal?.terminalId, third?.terminal]).toEqual([null, TID, null])
  expect([first?.earlier, second?.earlier?.messageKey, third?.earlier]).toEqual([null, SALE, null])
  expect([first?.credential, second?.credential, third?.credential?.name]).toEqual([null, null, 'office'])
})
