/** @module A service of its own over the test's D1, and a terminal that sends messages to it. */

import { env } from 'cloudflare:workers'
import coreModule from '../../build/core.wasm'
import type { Acquirer } from '../../src/acquirer/port.ts'
import { createAdmissionController } from '../../src/admission/admission-controller.ts'
import { createApp } from '../../src/app.ts'
import type { MacAlgorithm } from '../../src/core/instance.ts'
import { createServices, type Environment } from '../../src/create-services.ts'
import { buildFrame, parseFrame } from '../../src/iso8583/frame.ts'
import { fromHex, toHex } from '../../src/iso8583/hex.ts'
import { packWithMac } from '../../src/iso8583/mac.ts'
import { type Message, type PackForms, pack, unpack } from '../../src/iso8583/message.ts'
import { xorLrc } from '../../src/iso8583/serial-frame.ts'
import type { Services } from '../../src/pipeline/services.ts'
import { TERMINAL_PATHS } from '../../src/pos/door.ts'
import { SWEEP_MS } from '../../src/pos/reply-cache.ts'
import { apiKeyRow, INSERT_API_KEY, type KeyRowOptions } from '../support/api-key-row.ts'
import { holdToContract, routeOf } from '../support/contract.ts'
import { INSERT_KEY_SET, keySetRow } from '../support/key-set-row.ts'
import { STRONG_TMK } from '../support/test-keys.ts'
import { withAcquirer } from './scripted-acquirer.ts'

export const MASTER_KEY = 'ab'.repeat(32)
export const MID = '123456789012345'
export const TID = '12345678'
/** Not weak: the service would refuse the key of `vectors/cup-flow.json`. */
export const TMK = STRONG_TMK
/** A well-known test key (vectors/cup-flow.json). */
export const MAK = '3'.repeat(16)
export const PAN = '6225000000000014'

export interface Lines {
  readonly event: string
  readonly [detail: string]: unknown
}

/** 2026-06-01T02:18:00Z: 10:18 in Shanghai, well before the cut-off. */
export const START = Date.UTC(2026, 5, 1, 2, 18)

/** An isolate: an application with its own group and duplicate table, on a clock that the test sets. */
export async function openIsolate(
  settings: Partial<Environment> & {
    database?: D1Database
    acquirer?: Acquirer
    sleep?: Services['sleep']
    mostInside?: number
  } = {},
) {
  const { database = env.DB, acquirer, sleep = (ms: number) => scheduler.wait(ms), ...others } = settings
  const { mostInside, ...overrides } = others
  const clock = { now: START }
  const logged: Lines[] = []
  const environment = { MASTER_KEY, ACQUIRER: 'sandbox', ACQUIRER_ID: '00001234', ...overrides, DB: database }
  const made = await createServices(environment, {
    module: coreModule,
    now: () => clock.now,
    random: (bytes) => crypto.getRandomValues(bytes),
    // The sweep of old answers does not wait: `settle` would wait for it, and the clock stands.
    sleep: (ms) => (ms === SWEEP_MS ? Promise.resolve() : sleep(ms)),
    log: (event, detail) => logged.push({ event, ...detail }),
  })
  const services = acquirer === undefined ? made : withAcquirer(made, acquirer)
  const admission =
    mostInside === undefined ? undefined : createAdmissionController({ ...services, mostInside })
  const app = createApp(services, admission)
  const pending: Promise<unknown>[] = []
  const context = {
    waitUntil: (promise: Promise<unknown>) => void pending.push(promise),
    passThroughOnException() {},
    props: {},
  }
  /** Every answer of the JSON API is held to the contract. */
  const fetch = async (path: string, init?: RequestInit) => {
    const response = await app.request(
      `http://annul${path}`,
      init,
      environment,
      context as unknown as ExecutionContext,
    )
    const { method = 'GET' } = init ?? {}
    if (!isOfApi(method, path)) return response
    const { status, headers } = response
    const text = new TextDecoder().decode(await response.clone().arrayBuffer())
    holdToContract(method, path, { status, headers, text })
    return response
  }
  return { services, app, clock, logged, fetch, settle: () => Promise.all(pending) }
}

/** Other methods of `/` are outside the API. */
const isOfApi = (method: string, path: string): boolean =>
  routeOf(path === '/' ? method : 'GET', path) !== null ||
  (path.startsWith('/v1/') && !TERMINAL_PATHS.some((terminals) => path.startsWith(terminals)))

export type Isolate = Awaited<ReturnType<typeof openIsolate>>

/** Inserts a bearer key into the database and returns it. */
export async function bearerKey(merchantId: string | null, options: KeyRowOptions = {}): Promise<string> {
  const key = `test-${crypto.randomUUID()}`
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key))
  const hash = toHex(new Uint8Array(digest)).toLowerCase()
  await env.DB.prepare(INSERT_API_KEY)
    .bind(...apiKeyRow(hash, merchantId, { createdAt: START, ...options }))
    .run()
  return key
}

/** An answer of the JSON API. */
export interface JsonReply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Empty when the answer is not a JSON object. */
  readonly body: Readonly<Record<string, unknown>>
}

/** Sends a request to the JSON API with a bearer key, unless it is null. A string is sent unchanged. */
export async function ask(
  isolate: Isolate,
  key: string | null,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<JsonReply> {
  const response = await isolate.fetch(path, {
    method,
    headers: {
      'content-type': 'application/json',
      // One for all, so that equal answers are equal in every byte.
      'x-request-id': 'a-test-request',
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = new TextDecoder().decode(await response.arrayBuffer())
  const isJson = /json\b/.test(response.headers.get('content-type') ?? '') && !text.includes('\n')
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} }
}

const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array(0)

/** Provisions a merchant through the API, or changes the named settings. */
export async function provisionMerchant(
  isolate: Isolate,
  mid: string,
  body: object = {},
): Promise<JsonReply> {
  const reply = await ask(isolate, await bearerKey(null), 'PUT', `/v1/merchants/${mid}`, body)
  if (reply.status >= 300) throw new Error(`provision: ${reply.status} ${reply.text}`)
  return reply
}

/** Provisions a terminal through the API with its master key as two components, after its merchant. */
export async function provision(isolate: Isolate, body: object = {}, names = { mid: MID, tid: TID }) {
  const key = await bearerKey(null)
  const { core } = isolate.services
  const sm4 = (body as { macProfile?: string }).macProfile?.startsWith('cup-sm4')
  const component = (value: string) => ({
    value,
    checkValue: toHex(core.keyCheckValue(sm4 ? 'sm4' : '3des', bytesOf(value), 4)),
  })
  const first = '0123456789ABCDEFFEDCBA9876543210'
  const second = toHex(bytesOf(first).map((byte, i) => byte ^ (bytesOf(TMK)[i] ?? 0)))
  const put = () =>
    isolate.fetch(`/v1/merchants/${names.mid}/terminals/${names.tid}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        tmk: { components: [component(first), component(second)] },
        // As the published flow settles.
        settlementMac: 'optional',
        ...body,
      }),
    })
  let response = await put()
  if (response.status === 409) {
    await provisionMerchant(isolate, names.mid)
    response = await put()
  }
  if (!response.ok) throw new Error(`provision: ${response.status} ${await response.text()}`)
  return response
}

/** Gives a terminal a key set with a known MAC key, as after a sign-on. */
export async function installKey(isolate: Isolate, mak = MAK, names = { mid: MID, tid: TID }, version = 1) {
  const { mid: merchantId, tid: terminalId } = names
  const tmkVersion = await tmkVersionOf(terminalId)
  const of = { merchantId, terminalId, version, tmkVersion, createdAt: START, mak }
  await env.DB.prepare(INSERT_KEY_SET)
    .bind(...(await keySetRow(isolate.services.keyring, of)))
    .run()
}

/** The version of the terminal master key. */
async function tmkVersionOf(tid: string): Promise<number> {
  const found = env.DB.prepare('select tmk_version from terminal where terminal_id = ?').bind(tid)
  const version = await found.first<number>('tmk_version')
  if (version === null) throw new Error(`${tid}: provision it before its keys`)
  return version
}

interface KeySetRow {
  readonly version: number
  readonly tmkVersion: number
  readonly layout: string
  readonly createdAt: number
  readonly mak: string
  readonly tpk: string
}

/** Makes the keys of a terminal those of a sign-on at `at`. Their bytes stay, so that a test can compare frames. */
export async function signOnAt({ services }: Isolate, names: { mid: string; tid: string }, at: number) {
  const { keyring } = services
  const found = await env.DB.prepare(
    'select version, tmk_version as tmkVersion, layout, created_at as createdAt, mak, tpk from key_set where terminal_id = ?',
  )
    .bind(names.tid)
    .all<KeySetRow>()
  for (const { mak, tpk, ...set } of found.results) {
    const place = { merchantId: names.mid, terminalId: names.tid, ...set }
    const wrapAnew = async (usage: 'mak' | 'tpk', wrapped: string) => {
      const key = await keyring.unwrap(wrapped, { ...place, usage })
      return keyring.wrap(key, { ...place, usage, createdAt: at })
    }
    await env.DB.prepare(
      'update key_set set created_at = ?, mak = ?, tpk = ? where terminal_id = ? and version = ?',
    )
      .bind(at, await wrapAnew('mak', mak), await wrapAnew('tpk', tpk), names.tid, set.version)
      .run()
  }
}

export const TPDU = bytesOf('6000030000')
export const HEADER = bytesOf('602200000000')

export interface Key {
  readonly algorithm: MacAlgorithm
  readonly mak: string
}

export const CUP_KEY: Key = { algorithm: 'cup-ecb', mak: MAK }

/** A frame of a message, with a MAC when a key is given. */
export function frameOf(
  isolate: Isolate,
  message: Message,
  key: Key | null = CUP_KEY,
  kind: 'tpdu' | 'serial' = 'tpdu',
  forms?: PackForms,
  header = HEADER,
) {
  const { core } = isolate.services
  const body =
    key === null
      ? pack(message, forms)
      : packWithMac(message, (input) => core.computeMac(key.algorithm, bytesOf(key.mak), input), forms)
  return buildFrame(kind, TPDU, header, body, xorLrc)
}

export const post = (isolate: Isolate, body: Uint8Array, path = '/unp/webtrans/WPOS') =>
  isolate.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'x-ISO-TPDU/x-auth' },
    body: Uint8Array.from(body),
  })

/** A parsed answer. */
export interface Reply {
  readonly status: number
  readonly bytes: Uint8Array
  readonly header: string
  readonly tpdu: string
  readonly mti: string
  readonly fields: ReadonlyMap<number, string>
  readonly body: Uint8Array
}

/** `headerLength`: bytes of the answer's header. */
export async function read(response: Response, headerLength?: number): Promise<Reply> {
  const bytes = new Uint8Array(await response.arrayBuffer())
  const none = { status: response.status, bytes, header: '', tpdu: '', mti: '', body: bytes }
  const frame = parseFrame(bytes, xorLrc, headerLength)
  if (!frame.ok) return { ...none, fields: new Map() }
  const message = unpack(frame.value.body)
  if (!message.ok) throw new Error(`answer: field ${message.error.field} ${message.error.why}`)
  const { tpdu, header, body } = frame.value
  return { ...none, tpdu: toHex(tpdu), header: toHex(header), body, ...message.value }
}

export const send = async (isolate: Isolate, message: Message, key: Key | null = CUP_KEY): Promise<Reply> =>
  read(await post(isolate, frameOf(isolate, message, key)))

/** Fields by number. `undefined` omits one. */
type Fields = Readonly<Record<number, string | undefined>>

const messageOf = (mti: string, fields: Fields): Message => ({
  mti,
  fields: new Map(
    Object.entries(fields).flatMap(([number, value]) =>
      value === undefined ? [] : ([[Number(number), value]] as [number, string][]),
    ),
  ),
})

/** The same message from another terminal. */
export const from = ({ mti, fields }: Message, names: { tid: string; mid: string }): Message => ({
  mti,
  fields: new Map([...fields].map(([n, value]) => [n, n === 41 ? names.tid : n === 42 ? names.mid : value])),
})

export const amountOf = (amount: number): string => String(amount).padStart(12, '0')

interface Named {
  readonly batch?: string
  readonly stan: string
  readonly more?: Fields
}

const place = { 41: TID, 42: MID }

export const aSale = ({ batch = '000001', stan, amount = 1234, more = {} }: Named & { amount?: number }) =>
  messageOf('0200', {
    2: PAN,
    3: '000000',
    4: amountOf(amount),
    11: stan,
    14: '2812',
    22: '051',
    25: '00',
    ...place,
    49: '156',
    60: `22${batch}00050`,
    ...more,
  })

export interface VoidNames extends Named {
  readonly original: string
  readonly rrn: string
  readonly amount?: number
}

export const aVoid = ({ batch = '000001', stan, original, rrn, amount = 1234, more = {} }: VoidNames) =>
  messageOf('0200', {
    2: PAN,
    3: '200000',
    4: amountOf(amount),
    11: stan,
    14: '2812',
    22: '051',
    25: '00',
    37: rrn,
    ...place,
    49: '156',
    60: `23${batch}00050`,
    61: `${batch}${original}`,
    ...more,
  })

/** The reversal of a sale or a void: the same processing code, type, batch and STAN. */
export function aReversal(
  of: 'sale' | 'void',
  { batch = '000001', stan, amount = 1234, more = {} }: Named & { amount?: number },
) {
  return messageOf('0400', {
    2: PAN,
    3: of === 'sale' ? '000000' : '200000',
    4: amountOf(amount),
    11: stan,
    22: '051',
    25: '00',
    39: '98',
    ...place,
    49: '156',
    60: `${of === 'sale' ? '22' : '23'}${batch}00050`,
    61: `${batch}${stan}`,
    ...more,
  })
}

export const aSettlement = ({ batch = '000001', stan, more = {} }: Named, totals: string) =>
  messageOf('0500', { 11: stan, ...place, 48: totals, 49: '156', 60: `00${batch}201`, 63: '303120', ...more })

/** Field 48 of a settlement request. */
export const totalsOf = (debit: number, debits: number, credit: number, credits: number): string =>
  `${amountOf(debit)}${String(debits).padStart(3, '0')}${amountOf(credit)}${String(credits).padStart(3, '0')}0${'0'.repeat(31)}`

export const aManagement = (mti: string, code: string, { stan, batch = '000001', more = {} }: Named) =>
  messageOf(mti, { 11: stan, ...place, 60: `00${batch}${code}`, ...more })
