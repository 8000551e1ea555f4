/**
 * @module Requests of the JSON API whose entry a rule of a table forbids: each answer is one of the contract. Nothing is called closed
 * that is open.
 */

import { afterEach, beforeEach, expect, it } from 'vitest'
import { EXAMPLE_TMK } from '../integrate/mac-examples.ts'
import { bytesOf, hexOf, keyCheckValue, xor } from '../integrate/node-ciphers.ts'
import { openService, type Service, START } from '../integrate/service.ts'
import { holdToContract } from '../support/contract.ts'

const MERCHANT = '/v1/merchants/123456789012345'
const TERMINAL = `${MERCHANT}/terminals/12345678`
const FIRST_COMPONENT = bytesOf('0123456789ABCDEFFEDCBA9876543210')

let service: Service
beforeEach(async () => {
  service = await openService()
  expect((await send('PUT', MERCHANT, {})).status).toBe(201)
  const components = [FIRST_COMPONENT, xor(bytesOf(EXAMPLE_TMK), FIRST_COMPONENT)].map((key) => ({
    value: hexOf(key),
    checkValue: hexOf(keyCheckValue('3des', key)),
  }))
  expect((await send('PUT', TERMINAL, { tmk: { components } })).status).toBe(201)
})
afterEach(() => service.close())

let keys = 0

/** The answer to a request with a key of its own, held to the contract. */
async function send(method: string, path: string, body?: unknown, key = `key-${++keys}`) {
  const response = await service.fetch(path, {
    method,
    headers: {
      authorization: 'Bearer annul_example-key-of-an-administrator',
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answer = { status: response.status, headers: response.headers, text: await response.text() }
  holdToContract(method, path, answer)
  return { status: answer.status, body: JSON.parse(answer.text) }
}

const capture = (stan: string) =>
  send('POST', '/v1/sales', {
    merchantId: '123456789012345',
    terminalId: '12345678',
    batchNumber: '000001',
    stan,
    amount: 1234,
    pan: '6225000000000014',
    soldAt: new Date(START).toISOString(),
  })
const voidOf = (saleId: string, key: string) => send('POST', '/v1/voids', { saleId, amount: 1234 }, key)

const forbid = (rule: string): void => {
  service.storage.rows(
    `create trigger rule before ${rule} begin select raise(abort, 'CHECK constraint failed: rule'); end`,
  )
}
const allow = (): void => void service.storage.rows('drop trigger rule')

const NOT_RECORDED = {
  status: 409,
  body: { reason: 'not_recorded', certainty: 'FINAL', doNext: 'contact_acquirer' },
}

it.each([
  ['captured sale', 'insert on sale', () => capture('000002')],
  ['void', 'insert on void', (id: string) => voidOf(id, 'k')],
  [
    'reversal of a void',
    'insert on reversal',
    (saleId: string) => send('POST', '/v1/reversals', { saleId, amount: 1234, idempotencyKey: 'earlier' }),
  ],
  ['provisioning of a terminal', 'update on terminal', () => send('PUT', TERMINAL, { state: 'stolen' })],
] as const)('a %s that cannot be recorded is refused, and that is final', async (_, rule, request) => {
  const { id } = (await capture('000001')).body
  await voidOf(id, 'earlier')
  if (rule === 'insert on void')
    await send('POST', '/v1/reversals', { saleId: id, amount: 1234, idempotencyKey: 'earlier' })
  forbid(rule)
  expect(await request(id)).toMatchObject(NOT_RECORDED)
})

it('a decision on a case that cannot be recorded has an unknown outcome, and the case stays open', async () => {
  forbid('insert on sale')
  expect(await capture('000002')).toMatchObject(NOT_RECORDED)
  allow()
  const { items } = (await send('GET', '/v1/cases?state=open')).body
  const path = `/v1/cases/${items[0].rrn}`
  const decide = (key: string) => send('POST', path, { resolution: 'undone', note: 'by phone' }, key)
  forbid('update on acquirer_message when new.case_closed_at is not null')
  for (let copies = 0; copies < 2; copies++) {
    expect(await decide('one')).toMatchObject({
      status: 503,
      body: { reason: 'outcome_unknown', certainty: 'UNKNOWN', doNext: 'retry' },
    })
    expect((await send('GET', path)).body).toMatchObject({ state: 'open', closedAt: null })
  }
  allow()
  expect(await decide('one')).toMatchObject({ status: 200, body: { state: 'closed' } })
  expect(await decide('two')).toMatchObject({ status: 409, body: { reason: 'case_closed' } })
})
