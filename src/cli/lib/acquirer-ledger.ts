/** @module An acquirer's list as a file or an address gives it: an array, an object with `items`, or NDJSON. */

import { readFileSync, statSync } from 'node:fs'
import { Failure } from './failure.ts'
import { networkError } from './http-transport.ts'
import type { JsonObject } from './ndjson.ts'

export interface AcquirerLedger {
  readonly items: readonly JsonObject[]
  /** When a file was last written, in milliseconds since the epoch; null of what was fetched just now. */
  readonly writtenAt: number | null
}

/** What of a line is sent on; a list may hold anything, card numbers too. */
const MEMBERS = [
  'of',
  'merchantId',
  'terminalId',
  'batchNumber',
  'stan',
  'state',
  'amount',
  'currencyCode',
  'rrn',
  'authorizationCode',
  'original',
]

/** `source`: a path, or an http or https URL. Throws Failure where it cannot be read or is no list. */
export async function readAcquirerLedger(source: string): Promise<AcquirerLedger> {
  const { text, writtenAt } = /^https?:\/\//.test(source) ? await fetched(source) : fromFile(source)
  const items = itemsOf(text.replace(/^\ufeff/, ''))
  if (items === undefined) throw new Failure('--acquirer-ledger: not a list in JSON or NDJSON')
  return { items: items.map(kept), writtenAt }
}

async function fetched(url: string) {
  try {
    const response = await fetch(url)
    if (response.ok) return { text: await response.text(), writtenAt: null }
    throw new Failure(`--acquirer-ledger: HTTP ${response.status}`)
  } catch (error) {
    throw error instanceof Failure ? error : new Failure(`--acquirer-ledger: ${networkError(error)}`)
  }
}

function fromFile(path: string) {
  try {
    return { text: readFileSync(path, 'utf8'), writtenAt: statSync(path).mtimeMs }
  } catch {
    throw new Failure('--acquirer-ledger: the file cannot be read')
  }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** An empty file and an object that is neither a list nor a line are some mistake: by an empty list nothing of ours would stand. */
function itemsOf(text: string): readonly JsonObject[] | undefined {
  const whole = parse(text)
  if (text.trim() === '') return undefined
  if (isObject(whole) && whole.items === undefined && whole.terminalId === undefined) return undefined
  const list = isObject(whole) && Array.isArray(whole.items) ? whole.items : whole
  const items = Array.isArray(list) ? list : linesOf(text)
  return items.every(isObject) ? items : undefined
}

const linesOf = (text: string): unknown[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parse)

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const kept = (item: JsonObject): JsonObject =>
  Object.fromEntries(MEMBERS.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])))
