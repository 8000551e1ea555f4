/**
 * @module `annul provision`: registers a terminal, or changes its status, profile or master key. The master key travels as two
 * random XOR components, each with its check value, as two custodians would enter it.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Core } from '../core/instance.ts'
import type { MacProfile } from '../domain/types.ts'
import { toHex } from '../iso8583/hex.ts'
import { root } from './dev/wrangler.ts'
import { loadCore } from './lib/core.ts'
import type { Parsed, Run } from './lib/declare.ts'
import { Failure, UsageError } from './lib/failure.ts'
import { networkError } from './lib/http-transport.ts'
import type { JsonObject } from './lib/ndjson.ts'
import type { PROVISION } from './table/operation.ts'

/** Where `annul start` keeps the keys of the local database. */
export const DEVELOPMENT_CREDENTIALS = join(root, '.annul/dev.json')

export interface Provision {
  readonly url: URL
  /** Bearer key of an administrator. */
  readonly key: string
  readonly merchantId: string
  readonly terminalId: string
  readonly body: JsonObject
}

/** A merchant, and the settings of it that change. */
export type ProvisionMerchant = Omit<Provision, 'terminalId'>

export interface Provisioned {
  readonly status: number
  readonly body: JsonObject
}

export const provision = ({ terminalId, ...of }: Provision): Promise<Provisioned> =>
  put(of, `/v1/merchants/${of.merchantId}/terminals/${terminalId}`)

/** A merchant comes before its terminals. */
export const provisionMerchant = (of: ProvisionMerchant): Promise<Provisioned> =>
  put(of, `/v1/merchants/${of.merchantId}`)

/** Throws Failure if the server cannot be reached or does not respond in JSON. */
async function put({ url, key, body }: ProvisionMerchant, path: string): Promise<Provisioned> {
  const resource = new URL(path, url)
  try {
    const response = await fetch(resource, {
      method: 'PUT',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as JsonObject }
  } catch (error) {
    throw new Failure(`${resource.origin}: ${networkError(error)}`)
  }
}

/** Bytes of each check value. */
const CHECK_VALUE_BYTES = 4

/** The `tmk` member of the request: two components whose XOR is the key, with check values. */
export function splitMasterKey(core: Core, profile: MacProfile, tmk: Uint8Array): JsonObject {
  const cipher = profile === 'cup-sm4' ? 'sm4' : tmk.length === 8 ? 'des' : '3des'
  const checkValue = (key: Uint8Array) => toHex(core.keyCheckValue(cipher, key, CHECK_VALUE_BYTES))
  const first = crypto.getRandomValues(new Uint8Array(tmk.length))
  const second = tmk.map((byte, i) => byte ^ (first[i] ?? 0))
  return {
    components: [first, second].map((value) => ({ value: toHex(value), checkValue: checkValue(value) })),
    checkValue: checkValue(tmk),
  }
}

/** The development keys go to no other machine. */
export const isOnThisMachine = ({ hostname }: URL): boolean =>
  ['localhost', '127.0.0.1', '[::1]'].includes(hostname)

/** The administrator's key that `annul start` made here. */
function developmentKey(url: URL): string | undefined {
  if (!isOnThisMachine(url) || !existsSync(DEVELOPMENT_CREDENTIALS)) return undefined
  return (JSON.parse(readFileSync(DEVELOPMENT_CREDENTIALS, 'utf8')) as { adminKey?: string }).adminKey
}

/** The key of the options, or of the development server. */
export function administratorKey({
  key,
  url,
}: {
  readonly key: string | undefined
  readonly url: URL
}): string {
  const found = key ?? developmentKey(url)
  if (!found)
    throw new UsageError('--key (or ANNUL_ADMIN_KEY) is missing: expected the bearer key of an administrator')
  return found
}

export const run: Run<typeof PROVISION> = async (parsed, io) => {
  const { url, mid: merchantId, tid: terminalId, json } = parsed
  const key = administratorKey(parsed)
  const terminal = { url, key, merchantId, terminalId, body: await bodyOf(parsed) }
  const { status, body: answer } = await provisionBoth(terminal, merchantOf(parsed))
  if (json) io.stdout(JSON.stringify({ httpStatus: status, ...answer }))
  else io.stdout(sentence(status, terminalId, answer))
  return status === 200 || status === 201 ? 0 : 1
}

const isDone = ({ status }: Provisioned): boolean => status === 200 || status === 201

/** Sends the merchant first if its settings are named, or if the service does not have it. A refusal ends it. */
async function provisionBoth(terminal: Provision, settings: JsonObject): Promise<Provisioned> {
  const merchant = { ...terminal, body: settings }
  if (Object.keys(settings).length > 0) {
    const changed = await provisionMerchant(merchant)
    if (!isDone(changed)) return changed
  }
  const provisioned = await provision(terminal)
  if (provisioned.body.reason !== 'merchant_required') return provisioned
  const registered = await provisionMerchant(merchant)
  return isDone(registered) ? provision(terminal) : registered
}

function sentence(status: number, terminalId: string, answer: JsonObject): string {
  if (status !== 200 && status !== 201)
    return `terminal ${terminalId}: refused, HTTP ${status}: ${answer.reason ?? 'no reason given'} (${answer.title ?? ''})`
  const { merchantId, macProfile, batchNumber } = answer
  const what = status === 201 ? 'registered' : 'changed'
  return `terminal ${terminalId} of merchant ${merchantId}: ${what}, ${answer.state}, MAC ${macProfile}, batch ${batchNumber}`
}

async function bodyOf(parsed: Parsed<typeof PROVISION>): Promise<JsonObject> {
  const { tmk, mac: macProfile, status, textEncoding, settlementMac } = parsed
  return {
    state: status,
    macProfile,
    textEncoding,
    settlementMac,
    ...(tmk === undefined ? {} : { tmk: splitMasterKey(await loadCore(), macProfile ?? 'cup-ecb', tmk) }),
  }
}

function merchantOf({ merchantName: name, timeZone, cutOff, window }: Parsed<typeof PROVISION>): JsonObject {
  const named = { name, timeZone, cutOff, window }
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
}
