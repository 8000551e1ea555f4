/**
 * @module Guards: settings and keys that change between the load of a message and its commit. The message loses, and is
 * decided again on the new state.
 */

import { beforeEach, expect, it } from 'vitest'
import { sandbox } from '../../src/acquirer/sandbox.ts'
import { apiKeyEntry } from '../../src/domain/decide-api-key.ts'
import { NO_SENDER } from '../../src/domain/request-actor.ts'
import type { Outcome, PipelineMessage } from '../../src/pipeline/types.ts'
import { commitKey, readKey } from '../../src/store/api-keys.ts'
import { seal, WITHOUT_TERMINAL } from '../../src/store/journal.ts'
import { keyOf, MID, merchant, TID } from '../domain/fixtures.ts'
import type { Message as Command } from '../model/commands.ts'
import type { Knowledge } from '../model/knowledge.ts'
import { messageFor, messageOf } from '../model/messages.ts'
import { apiKeyRow, INSERT_API_KEY } from '../support/api-key-row.ts'
import { TestService } from '../support/test-service.ts'

const KNOWLEDGE: Knowledge = {
  open: '000001',
  now: 0,
  debit: [0, 0],
  credit: [0, 0],
  find: () => ({
    key: keyOf('000001', 'sale'),
    kind: 'sale',
    amount: 100,
    isAnswered: true,
    id: '',
    rrn: '000000000002',
  }),
}

const message = (command: Command, number = 1): PipelineMessage => {
  const prepared = messageFor(command, KNOWLEDGE, number)
  if (prepared === null) throw new Error('no message')
  return messageOf(prepared)
}
const sale = message({ kind: 'sale', stan: 1, batch: 'open', amount: 100, currency: '156' })
const aVoid = message({ kind: 'void', stan: 2, batch: 'open', ago: 0, by: 'key', off: 0, card: 'right' })

const CREDENTIAL = 'ab'.repeat(32)

/** The message of the owner of `CREDENTIAL`. It runs `meanwhile` once, between its load and its commit. */
const withKey = (of: PipelineMessage, meanwhile: () => Promise<void> | void): PipelineMessage => {
  let runs = 0
  return {
    load: { ...of.load, credential: CREDENTIAL },
    verify: async (loaded) => {
      if (loaded.credential === null) return { kind: 'denied', found: null }
      const verdict = await of.verify(loaded)
      if (runs++ === 0) await meanwhile()
      return verdict
    },
  }
}

let service: TestService
const resultOf = (outcome: Outcome): string =>
  outcome.kind === 'answered' ? (outcome.answer.reason ?? 'approved') : outcome.kind
const send = async (sent: PipelineMessage): Promise<string> => resultOf(await service.send(sent))
const versions = () => service.rows('select key, version from guard order by key')

const insertKey = (merchantId: string | null) =>
  service.rows(INSERT_API_KEY, ...apiKeyRow(CREDENTIAL, merchantId))

/** Revokes the key by an entry, as an administrator does. */
const revoke = async () => {
  const { db } = service.options
  const found = await readKey(db, { credential: CREDENTIAL, now: service.now }, CREDENTIAL.slice(0, 32))
  const { apiKey, head, needs } = found
  if (apiKey === null || head === null) throw new Error('no key')
  const revoked = { ...apiKey, revokedAt: service.now }
  const actor = { ...NO_SENDER, policy: null }
  const act = { messageKey: null, contentFingerprint: '', request: {}, actor, at: service.now }
  const row = await seal(apiKeyEntry(revoked, act, head), head, null, WITHOUT_TERMINAL)
  const headMac = await service.options.macHead(row.terminalId, row, head)
  expect(await commitKey(db, row, revoked, needs, headMac)).toBe(true)
}

beforeEach(async () => {
  service = new TestService(sandbox)
  expect(await send(message({ kind: 'provision', window: 'business_day' }, 0))).toBe('approved')
  expect(await send(sale)).toBe('approved')
})

it('settings of a merchant that change meanwhile: the void is decided again, and its sale keeps its window', async () => {
  service.now += 120_000
  let runs = 0
  const outcome = await send({
    ...aVoid,
    verify: async (loaded) => {
      const verdict = await aVoid.verify(loaded)
      if (runs++ === 0) await service.putMerchant({ ...merchant, window: { kind: 'minutes', minutes: 1 } })
      return verdict
    },
  })
  expect([outcome, runs]).toEqual(['approved', 2])
})

it.each([
  ['a merchant’s', MID],
  ['an administrator’s', null],
])('%s key that is revoked meanwhile: the void is denied, and nothing is written', async (_, merchantId) => {
  insertKey(merchantId)
  const count = () => Number(service.rows('select count(*) as n from journal')[0]?.n)
  const before = count()
  expect(await send(withKey(aVoid, revoke))).toBe('denied')
  // Only the revocation.
  expect(count()).toBe(before + 1)
  expect(service.rows('select id from void')).toEqual([])
})

it.each([
  ['a merchant’s key', MID],
  ['an administrator’s key', null],
])('another merchant’s change does not disturb a message with %s', async (_, merchantId) => {
  insertKey(merchantId)
  let runs = 0
  const counted = {
    ...aVoid,
    verify: (loaded: Parameters<typeof aVoid.verify>[0]) => {
      runs++
      return aVoid.verify(loaded)
    },
  }
  const other = () => service.putMerchant({ ...merchant, merchantId: 'M00000000000099' })
  expect(await send(withKey(counted, other))).toBe('approved')
  expect(runs).toBe(1)
})

it('a change of settings and of a terminal’s profile each raise the guard of the merchant', async () => {
  const [{ version: first } = { version: 0 }] = versions()
  await service.putMerchant({ ...merchant, cutOff: '22:00' })
  expect(versions()).toEqual([{ key: `merchant:${MID}`, version: Number(first) + 1 }])
  await send({
    ...message({ kind: 'provision', window: 'business_day' }, 7),
    load: { terminalId: TID, merchantId: MID },
  })
  expect(Number(versions()[0]?.version)).toBeGreaterThan(Number(first) + 1)
  await send(aVoid)
  expect(versions()).toHaveLength(1)
})

it('a new terminal of the merchant raises nothing, so it disturbs no message of another terminal', async () => {
  const before = versions()
  let runs = 0
  const bringTerminal = async () => {
    const tid = `9000000${++runs}`
    const fresh = JSON.parse(
      JSON.stringify(await message({ kind: 'provision', window: 'business_day' }, runs).verify({} as never))
        .replaceAll(TID, tid)
        .replaceAll('|provision|', `|provision|${tid}|`),
    )
    return send({ load: { terminalId: tid, merchantId: MID }, verify: async () => fresh })
  }
  const outcome = await send({
    ...aVoid,
    verify: async (loaded) => {
      expect(await bringTerminal()).toBe('approved')
      return aVoid.verify(loaded)
    },
  })
  expect([outcome, runs, versions()]).toEqual(['approved', 1, before])
})

it('a message that loses its guards eight times gets in_progress', async () => {
  let minutes = 1
  const outcome = await service.send({
    ...aVoid,
    verify: async (loaded) => {
      await service.putMerchant({ ...merchant, window: { kind: 'minutes', minutes: 100 + ++minutes } })
      return aVoid.verify(loaded)
    },
  })
  expect(outcome).toMatchObject({ kind: 'refused', reason: 'in_progress' })
  expect(minutes).toBe(9)
})

it('a key that expires between the load and the decision: the void is denied, and nothing is written', async () => {
  const expiresAt = service.now + 1000
  service.rows(INSERT_API_KEY, ...apiKeyRow(CREDENTIAL, MID, { expiresAt }))
  const before = service.rows('select count(*) as n from journal')
  const expire = () => {
    service.now = expiresAt
  }
  expect(await send(withKey(aVoid, expire))).toBe('denied')
  expect(service.rows('select count(*) as n from journal')).toEqual(before)
  service.now = expiresAt - 1
  expect(await send(withKey(aVoid, () => {}))).toBe('approved')
})
