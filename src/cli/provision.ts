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

export interface Provisioned {
  readonly status: number
  readonly body: JsonObject
}

/** Throws Failure if the server cannot be reached or does not respond in JSON. */
export async function provision({ url, key, merchantId, terminalId, body }: Provision): Promise<Provisioned> {
  const resource = new URL(`/v1/merchants/${merchantId}/terminals/${terminalId}`, url)
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
  const body = await bodyOf(parsed)
  const { status, body: answer } = await provision({ url, key, merchantId, terminalId, body })
  if (json) io.stdout(JSON.stringify({ httpStatus: status, ...answer }))
  else io.stdout(sentence(status, terminalId, answer))
  return status === 200 || status === 201 ? 0 : 1
}

function sentence(status: number, terminalId: string, answer: JsonObject): string {
  if (status !== 200 && status !== 201)
    return `terminal ${terminalId}: refused, HTTP ${status}: ${answer.reason ?? 'no reason given'} (${answer.title ?? ''})`
  const { merchantId, macProfile, batchNumber } = answer
  const what = status === 201 ? 'registered' : 'changed'
  return `terminal ${terminalId} of merchant ${merchantId}: ${what}, ${answer.status}, MAC ${macProfile}, batch ${batchNumber}`
}

async function bodyOf(parsed: Parsed<typeof PROVISION>): Promise<JsonObject> {
  const { tmk, mac: macProfile, status, textEncoding, settlementMac } = parsed
  const { merchantName: name, timeZone, cutOff, window } = parsed
  const merchant = { name, timeZone, cutOff, window }
  return {
    status,
    macProfile,
    textEncoding,
    settlementMac,
    ...(tmk === undefined ? {} : { tmk: splitMasterKey(await loadCore(), macProfile ?? 'cup-ecb', tmk) }),
    ...(Object.values(merchant).some((value) => value !== undefined) ? { merchant } : {}),
  }
}
