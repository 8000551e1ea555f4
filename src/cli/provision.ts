/**
 * @module `annul provision`: registers a terminal, or changes its state, profile or master key. The master key travels as two
 * random XOR components, each with its check value, as two custodians would enter it.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Core } from '../core/instance.ts'
import { isSm4Profile } from '../domain/mac-profile.ts'
import type { MacProfile } from '../domain/terminal-profile.ts'
import { isWeakMasterKey } from '../domain/weak-key.ts'
import { toHex } from '../iso8583/hex.ts'
import { root } from './dev/wrangler.ts'
import { type ApiAnswer, callApi, refusalText } from './lib/call-api.ts'
import { loadCore } from './lib/core.ts'
import type { Parsed, Run } from './lib/declare.ts'
import { UsageError } from './lib/failure.ts'
import type { CommandIo } from './lib/io.ts'
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

export type Provisioned = ApiAnswer

export const provision = ({ terminalId, ...of }: Provision): Promise<Provisioned> =>
  put(of, `/v1/merchants/${of.merchantId}/terminals/${terminalId}`)

/** A merchant comes before its terminals. */
export const provisionMerchant = (of: ProvisionMerchant): Promise<Provisioned> =>
  put(of, `/v1/merchants/${of.merchantId}`)

/** Throws Failure if the server cannot be reached or does not respond in JSON. */
const put = ({ url, key, body }: ProvisionMerchant, path: string): Promise<Provisioned> =>
  callApi({ url, key, method: 'PUT', path, body })

/** Bytes of each check value. */
const CHECK_VALUE_BYTES = 4

/** The `tmk` member of the request: two components whose XOR is the key, with check values. */
export function splitMasterKey(core: Core, profile: MacProfile, tmk: Uint8Array): JsonObject {
  const cipher = isSm4Profile(profile) ? 'sm4' : tmk.length === 8 ? 'des' : '3des'
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
  const provisioned = await provision({ url, key, merchantId, terminalId, body: await bodyOf(parsed) })
  return printProvisioned(provisioned, { name: `terminal ${terminalId}`, json, sentence }, io)
}

interface Printing {
  readonly name: string
  readonly json: boolean
  /** The settings in words, after "registered" or "changed". */
  readonly sentence: (name: string, what: string, answer: JsonObject) => string
}

/** Prints the answer or the refusal; returns the exit code. */
export function printProvisioned(
  { status, body }: Provisioned,
  { name, json, sentence }: Printing,
  io: CommandIo,
): number {
  const isDone = status === 200 || status === 201
  if (json) io.stdout(JSON.stringify({ httpStatus: status, ...body }))
  else if (isDone) io.stdout(sentence(name, status === 201 ? 'registered' : 'changed', body))
  else io.stdout(refusal(name, status, body))
  return isDone ? 0 : 1
}

function refusal(name: string, status: number, body: JsonObject): string {
  const hint = body.reason === 'merchant_required' ? ': see annul merchant' : ''
  return `${name}: refused, ${refusalText(status, body)}${hint}`
}

function sentence(name: string, what: string, answer: JsonObject): string {
  const { merchantId, state, macProfile, batchNumber } = answer
  return `${name} of merchant ${merchantId}: ${what}, ${state}, MAC ${macProfile}, batch ${batchNumber}`
}

async function bodyOf(parsed: Parsed<typeof PROVISION>): Promise<JsonObject> {
  const { tmk, mac: macProfile, state, textEncoding, settlementMac } = parsed
  const { texts, padding, entryMode, cardCheck, headerLength, headerTlv, voidForms } = parsed
  return {
    state,
    macProfile,
    textEncoding,
    settlementMac,
    texts,
    padding,
    entryMode,
    cardCheck,
    headerLength,
    headerTlv: headerTlv === undefined ? undefined : headerTlv === 'yes',
    voidForms,
    ...(tmk === undefined ? {} : await keyOf(parsed, tmk)),
  }
}

/** The member `tmk` of the request. Throws UsageError for a key that the service would refuse. */
async function keyOf(
  { mac: profile = 'cup-ecb', allowSingleLength, parity }: Parsed<typeof PROVISION>,
  tmk: Uint8Array,
): Promise<JsonObject> {
  if (isWeakMasterKey(profile, tmk, { allowSingleLength, parity: parity ?? 'any' }))
    throw new UsageError('--tmk: the key is weak, or breaks --allow-single-length or --parity')
  const options = {
    ...(allowSingleLength ? { allowSingleLength } : {}),
    ...(parity === undefined ? {} : { parity }),
  }
  return { tmk: { ...splitMasterKey(await loadCore(), profile, tmk), ...options } }
}
