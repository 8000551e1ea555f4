/** @module Reads an acquirer's list from a file or an address: a JSON array, an object with `items`, or NDJSON. */

import { readFileSync, statSync } from 'node:fs'
import { Failure } from './failure.ts'
import { networkError } from './http-transport.ts'
import type { JsonObject } from './ndjson.ts'

export interface AcquirerLedger {
  readonly items: readonly JsonObject[]
  /** When the file was last written, in milliseconds since the epoch; null for a list from an address. */
  readonly writtenAt: number | null
}

/** The members that are sent to the service. A list may hold anything else, card numbers too. */
const MEMBERS = [
  'kind',
  'merchantId',
  'terminalId',
  'batchNumber',
  'stan',
  'state',
  'amount',
  'currency',
  'rrn',
  'authorizationCode',
  'original',
]

/** `source`: a path, or an http or https URL. Throws Failure if it cannot be read or is not a list. */
export async function readAcquirerLedger(source: string): Promise<AcquirerLedger> {
  const { text, writtenAt } = /^https?:\/\//.test(source) ? await fetched(source) : fromFile(source)
  const items = itemsOf(text.replace(/^\ufeff/, ''))
  if (items === undefined) throw new Failure('--acquirer-ledger: this is not a list in JSON or NDJSON')
  return { items: items.map(withoutTheRest), writtenAt }
}

async function fetched(url: string) {
  try {
    const response = await fetch(url, { redirect: 'error' })
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
    throw new Failure('--acquirer-ledger: cannot read the file')
  }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Undefined for an empty file, and for an object that is neither a list nor a line: both are mistakes. An empty list would mean
 * that the acquirer has no message of ours, so it must be written as one.
 */
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

const withoutTheRest = (item: JsonObject): JsonObject =>
  Object.fromEntries(MEMBERS.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])))
