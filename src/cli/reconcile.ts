/**
 * @module `annul reconcile`: holds the acquirer's own list against what the service forwarded, through the service's JSON door, so
 * that every decision is made where all others are. Without `--apply` it only says what it finds. Nothing is sent to the acquirer.
 *
 * Exit code 1 while there are differences that are not written down.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { readAcquirerLedger } from './lib/acquirer-ledger.ts'
import { Failure, withFailure } from './lib/failure.ts'
import { networkError } from './lib/http-transport.ts'
import type { CommandIo } from './lib/io.ts'
import { flagsOf, type JsonObject, UsageError } from './lib/ndjson.ts'
import { textOf, urlOf } from './lib/options.ts'
import { administratorKey } from './provision.ts'

/** Lines of one request, as the door takes them. */
const LINES = 200

/** How often a request is made that the service is too busy for. */
const TRIES = 10

interface Service {
  readonly url: URL
  readonly key: string
}

export async function run(args: string[], io: CommandIo): Promise<number> {
  return withFailure('reconcile', io, async () => {
    const { values } = flagsOf(args, ['acquirer-ledger', 'url', 'key', 'as-of', 'since'], ['apply', 'ndjson'])
    const source = textOf(values, 'acquirer-ledger')
    if (source === undefined) throw new UsageError('--acquirer-ledger: expected a file or an address')
    const url = urlOf(values, 'http://localhost:8787')
    const service = { url, key: administratorKey(values, url) }
    const since = timeOf(values, 'since')
    const named = timeOf(values, 'as-of')
    // What we hold is asked for first, so that a list that is fetched after it is younger.
    const ours = await readForwarded(service)
    const { items, writtenAt } = await readAcquirerLedger(source)
    const asOf = Math.min(named ?? writtenAt ?? ours.asOf, ours.asOf)
    const lines = [...items, ...absentFrom(items, ours.items, since ?? 0)]
    const apply = values.apply === true
    const print = (result: JsonObject) => io.stdout(values.ndjson ? JSON.stringify(result) : sentence(result))
    const results = await compare(service, lines, asOf, apply, print)
    const summary = summaryOf(results, items.length, ours.items.length)
    if (values.ndjson) io.stdout(JSON.stringify(summary))
    else io.stdout(summarySentence(summary))
    return results.some(isOpen) ? 1 : 0
  })
}

function timeOf(values: JsonObject, name: string): number | undefined {
  const text = textOf(values, name)
  if (text === undefined) return undefined
  const time = Date.parse(text)
  if (!/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(time))
    throw new UsageError(`--${name}: expected a time such as 2026-06-01T23:00:00+08:00`)
  return time
}

interface Ours {
  readonly items: readonly JsonObject[]
  /** The service's own time before the first of them was read. */
  readonly asOf: number
}

async function readForwarded(service: Service): Promise<Ours> {
  const items: JsonObject[] = []
  let asOf: number | undefined
  for (let cursor: unknown = '0'; typeof cursor === 'string'; ) {
    const { body } = await ask(service, `/v1/acquirer-messages?cursor=${cursor}`)
    const page = JSON.parse(body) as { items: JsonObject[]; next: string | null; asOf: string }
    items.push(...page.items)
    asOf ??= Date.parse(page.asOf)
    cursor = page.next
  }
  return { items, asOf: asOf ?? 0 }
}

const placeOf = ({ terminalId, batchNumber, stan }: JsonObject): string =>
  `${terminalId} ${batchNumber} ${stan}`

/** What we forwarded since then and their list does not have. */
function absentFrom(theirs: readonly JsonObject[], ours: readonly JsonObject[], since: number): JsonObject[] {
  const listed = new Set(theirs.map(placeOf))
  return ours
    .filter((item) => !listed.has(placeOf(item)) && Date.parse(String(item.claimedAt)) >= since)
    .map(({ of, merchantId, terminalId, batchNumber, stan }) => ({
      ...{ of, merchantId, terminalId, batchNumber, stan },
      state: 'absent',
    }))
}

/** Findings are told as they come, so that what is written down is told even where a later part fails. */
async function compare(
  service: Service,
  lines: readonly JsonObject[],
  asOf: number,
  apply: boolean,
  print: (result: JsonObject) => void,
): Promise<JsonObject[]> {
  const path = `/v1/reconciliations?asOf=${new Date(asOf).toISOString()}&apply=${apply}`
  const results: JsonObject[] = []
  for (let at = 0; at < lines.length; at += LINES) {
    const part = lines.slice(at, at + LINES)
    const { body } = await ask(service, path, part.map((line) => `${JSON.stringify(line)}\n`).join(''))
    for (const line of body.split('\n').filter((one) => one !== '')) {
      const { line: number, ...result } = JSON.parse(line) as JsonObject
      const placedResult = { ...placed(part[Number(number) - 1]), ...result }
      results.push(placedResult)
      print(placedResult)
    }
  }
  return results
}

/** A line that the service could not read is told by what it would have been. */
const placed = ({ of, terminalId, batchNumber, stan }: JsonObject = {}): JsonObject => ({
  of,
  terminalId,
  batchNumber,
  stan,
})

async function ask({ url, key }: Service, path: string, body?: string): Promise<{ body: string }> {
  for (let tries = 1; ; tries++) {
    const response = await send(new URL(path, url), key, body)
    const text = await response.text()
    if (response.ok) return { body: text }
    const wait = Number(response.headers.get('retry-after') ?? Number.NaN)
    if (Number.isNaN(wait) || tries === TRIES)
      throw new Failure(`${url.origin}: ${reasonOf(response.status, text)}`)
    await sleep(wait * 1000)
  }
}

async function send(url: URL, key: string, body: string | undefined): Promise<Response> {
  const authorization = `Bearer ${key}`
  try {
    if (body === undefined) return await fetch(url, { headers: { authorization } })
    const headers = { authorization, 'content-type': 'application/x-ndjson' }
    return await fetch(url, { method: 'POST', headers, body })
  } catch (error) {
    throw new Failure(`${url.origin}: ${networkError(error)}`)
  }
}

function reasonOf(status: number, text: string): string {
  try {
    const { reason, title } = JSON.parse(text) as { reason?: string; title?: string }
    return `HTTP ${status}: ${reason} (${title})`
  } catch {
    return `HTTP ${status}`
  }
}

/** A difference, or a line that says nothing, that is not dealt with yet. */
const isOpen = ({ result, applied }: JsonObject): boolean =>
  result === undefined ||
  result === 'unknown_terminal' ||
  ((result === 'resolves' || result === 'differs') && applied !== true)

interface Summary {
  readonly theirs: number
  readonly ours: number
  readonly agree: number
  /** What was found → how often. */
  readonly [result: string]: number
}

function summaryOf(results: readonly JsonObject[], theirs: number, ours: number): Summary {
  const counts: Record<string, number> = {}
  for (const one of results) {
    const name = String(one.difference ?? one.event ?? one.result ?? one.reason)
    counts[name] = (counts[name] ?? 0) + 1
  }
  const told = results.filter(
    ({ acquirer, result }) => result !== undefined && (acquirer as JsonObject).state !== 'absent',
  )
  const unread = results.filter(({ result }) => result === undefined)
  return { theirs, ours, agree: theirs - told.length - unread.length, ...counts }
}

const WORDS: Readonly<Record<string, string>> = {
  later: 'changed here after the list was made',
  owed: 'is still being found out',
  known: 'differs, as a case says already',
  unknown_terminal: 'is of a terminal that is not here',
  acquirer_approved: 'is approved there: found out',
  acquirer_declined: 'is declined there: found out',
  acquirer_undone: 'is undone there: found out',
  only_acquirer: 'is only there',
  only_ours: 'is only here',
  state: 'stands otherwise there',
  amount: 'has another amount there',
  identity: 'is of another kind, merchant or currency there',
}

function sentence(result: JsonObject): string {
  const { of, terminalId, batchNumber, stan, applied } = result
  const name = String(result.difference ?? result.event ?? result.result ?? 'line')
  const what = WORDS[name] ?? 'cannot be read'
  const states =
    result.result === undefined ? '' : ` (here ${stateOf(result.ours)}, there ${stateOf(result.acquirer)})`
  const done = applied === true ? '; written down' : applied === false ? '; NOT written down: try again' : ''
  return `${of} ${terminalId} ${batchNumber} ${stan}: ${what}${states}${done}`
}

const stateOf = (side: unknown): string => {
  const { state, amount } = (side ?? {}) as { state?: string; amount?: number | null }
  return state === undefined ? 'nothing' : amount == null ? state : `${state} ${amount}`
}

function summarySentence({ theirs, ours, agree, ...counts }: Summary): string {
  const others = Object.entries(counts).map(([name, count]) => `${count} ${name}`)
  return `${theirs} of theirs, ${ours} of ours: ${[`${agree} agree`, ...others].join(', ')}`
}
