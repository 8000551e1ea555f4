/**
 * @module `annul provision`: registers a terminal, or changes its status, profile or master key. The master key travels as
 * two random XOR components, each with its check value, as two custodians would enter it.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Core } from '../core/instance.ts'
import type { MacProfile } from '../domain/types.ts'
import { toHex } from '../iso8583/hex.ts'
import { root } from './dev/wrangler.ts'
import { loadCore } from './lib/core.ts'
import { Failure, withFailure } from './lib/failure.ts'
import { networkError } from './lib/http-transport.ts'
import type { CommandIo } from './lib/io.ts'
import { flagsOf, type JsonObject, oneOf, UsageError } from './lib/ndjson.ts'
import { macProfileOf, merchantIdOf, terminalIdOf, textOf, tmkOf, urlOf } from './lib/options.ts'

/** Where `annul start` keeps the keys of the local database. */
export const DEVELOPMENT_CREDENTIALS = join(root, '.annul/dev.json')

const TEXTS = [
  'url',
  'key',
  'mid',
  'tid',
  'tmk',
  'mac',
  'status',
  'text-encoding',
  'settlement-mac',
  'merchant-name',
  'time-zone',
  'cut-off',
  'window',
]

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

/** Throws Failure where the server cannot be reached or does not speak JSON. */
export async function provision({ url, key, merchantId, terminalId, body }: Provision): Promise<Provisioned> {
  const place = new URL(`/v1/merchants/${merchantId}/terminals/${terminalId}`, url)
  try {
    const response = await fetch(place, {
      method: 'PUT',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as JsonObject }
  } catch (error) {
    throw new Failure(`${place.origin}: ${networkError(error)}`)
  }
}

/** Bytes of each check value. */
const CHECK_VALUE_BYTES = 4

/** The `tmk` member of the request: two components that make the key by XOR, with check values. */
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

/** The administrator's key that `annul start` made here, for a server on this machine only. */
function developmentKey({ hostname }: URL): string | undefined {
  if (!['localhost', '127.0.0.1', '[::1]'].includes(hostname) || !existsSync(DEVELOPMENT_CREDENTIALS))
    return undefined
  return (JSON.parse(readFileSync(DEVELOPMENT_CREDENTIALS, 'utf8')) as { adminKey?: string }).adminKey
}

/** From `--key`, ANNUL_API_KEY or the development server. */
export function administratorKey(values: JsonObject, url: URL): string {
  const key = textOf(values, 'key') ?? process.env.ANNUL_API_KEY ?? developmentKey(url)
  if (!key) throw new UsageError('--key (or ANNUL_API_KEY): expected the bearer key of an administrator')
  return key
}

export async function run(args: string[], io: CommandIo): Promise<number> {
  return withFailure('provision', io, async () => {
    const { values } = flagsOf(args, TEXTS, ['ndjson'])
    const merchantId = merchantIdOf(values)
    const terminalId = terminalIdOf(values)
    const url = urlOf(values, 'http://localhost:8787')
    const key = administratorKey(values, url)
    const body = await bodyOf(values)
    const { status, body: answer } = await provision({ url, key, merchantId, terminalId, body })
    if (values.ndjson) io.stdout(JSON.stringify({ httpStatus: status, ...answer }))
    else io.stdout(sentence(status, terminalId, answer))
    return status === 200 || status === 201 ? 0 : 1
  })
}

function sentence(status: number, terminalId: string, answer: JsonObject): string {
  if (status !== 200 && status !== 201)
    return `terminal ${terminalId}: refused, HTTP ${status}: ${answer.reason ?? 'no reason given'} (${answer.title ?? ''})`
  const { merchantId, macProfile, batchNumber } = answer
  const what = status === 201 ? 'registered' : 'changed'
  return `terminal ${terminalId} of merchant ${merchantId}: ${what}, ${answer.status}, MAC ${macProfile}, batch ${batchNumber}`
}

async function bodyOf(values: JsonObject): Promise<JsonObject> {
  const macProfile = macProfileOf(values)
  const named = (name: string, choices: readonly string[]) =>
    values[name] === undefined ? undefined : oneOf(values, name, choices)
  const merchant = {
    name: textOf(values, 'merchant-name'),
    timeZone: textOf(values, 'time-zone'),
    cutOff: textOf(values, 'cut-off'),
    window: windowOf(textOf(values, 'window')),
  }
  const hasMasterKey = values.tmk !== undefined || process.env.ANNUL_TMK !== undefined
  return {
    status: named('status', ['active', 'blocked', 'stolen', 'retired']),
    macProfile,
    textEncoding: named('text-encoding', ['gbk', 'ascii']),
    settlementMac: named('settlement-mac', ['optional', 'required']),
    ...(hasMasterKey
      ? { tmk: splitMasterKey(await loadCore(), macProfile ?? 'cup-ecb', tmkOf(values)) }
      : {}),
    ...(Object.values(merchant).some((value) => value !== undefined) ? { merchant } : {}),
  }
}

/** `business_day`, `same_batch`, or `minutes:N`. */
function windowOf(text: string | undefined): JsonObject | undefined {
  if (text === undefined) return undefined
  const minutes = /^minutes:([1-9]\d*)$/.exec(text)?.[1]
  if (minutes !== undefined) return { kind: 'minutes', minutes: Number(minutes) }
  return { kind: oneOf({ window: text }, 'window', ['business_day', 'same_batch', 'minutes:N']) }
}
