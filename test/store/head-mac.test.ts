/** @module The check of the head before: the isolate skips it for the head that it has signed last, and for no other one. */

import { createHmac } from 'node:crypto'
import { beforeEach, expect, it } from 'vitest'
import { type MacHead, macHeadWith, NEW_STREAM, type SignedHead } from '../../src/store/head-mac.ts'

const HASH = 'a'.repeat(64)
const STREAM = 'T0000001'

const macOf = (data: Uint8Array): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(createHmac('sha256', 'a key of this test').update(data).digest())

let checks: number
let reported: string[]
let macHead: MacHead

beforeEach(() => {
  checks = 0
  reported = []
  macHead = isolate()
})

const isolate = (): MacHead =>
  macHeadWith(
    {
      journalKeyId: 1,
      journalMac: async (data) => macOf(data),
      verifyJournalMac: async (data, mac, keyId) => {
        checks++
        return keyId === 1 && macOf(data).toHex() === mac.toHex()
      },
    },
    (stream, seq) => void reported.push(`${stream} ${seq}`),
  )

const next = async (before: SignedHead, stream = STREAM): Promise<SignedHead> => {
  const head = { seq: before.seq + 1, hash: HASH }
  return { ...head, ...(await macHead(stream, head, before)) }
}

it('does not check the heads of a chain that it signs itself', async () => {
  let head = NEW_STREAM
  for (let i = 0; i < 5; i++) head = await next(head)
  expect(head.mac).toBe(macOf(new TextEncoder().encode(`5|${HASH}|${STREAM}`)).toHex())
  expect(checks).toBe(0)
})

it('checks the head of another isolate, and an older one', async () => {
  const first = await next(NEW_STREAM)
  const second = await next(first)
  await next(first)
  expect(checks).toBe(1)
  macHead = isolate()
  await next(second)
  expect(checks).toBe(2)
})

it.each([
  ['number', { seq: 7 }],
  ['hash', { hash: 'b'.repeat(64) }],
  ['MAC', { mac: 'c'.repeat(64) }],
  ['key', { keyId: 2 }],
])('refuses its own head with another %s', async (_, change) => {
  const head = await next(NEW_STREAM)
  await expect(next({ ...head, ...change })).rejects.toThrow('has no MAC of the service')
  expect(reported).toEqual([`${STREAM} ${{ ...head, ...change }.seq}`])
})

it('refuses its own head in another stream', async () => {
  const head = await next(NEW_STREAM)
  await expect(next(head, 'T0000002')).rejects.toThrow('has no MAC of the service')
})

it('keeps a bounded count of heads', async () => {
  const first = await next(NEW_STREAM)
  for (let i = 0; i < 1_000; i++) await next(NEW_STREAM, `M${i}`)
  await next(first)
  expect(checks).toBe(1)
})
