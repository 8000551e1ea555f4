/**
 * @module `annul reconcile`: compares the acquirer's own list with the forwarded messages, through the JSON API of the service.
 * The service decides every difference. Without `--apply` nothing changes. Nothing is sent to the acquirer.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Difference, ReconciliationResult } from '../domain/compare-record.ts'
import { shownTerminal } from '../domain/terminal-number.ts'
import { readAcquirerLedger } from './lib/acquirer-ledger.ts'
import { objectIn, refusalText } from './lib/call-api.ts'
import type { Run } from './lib/declare.ts'
import { Failure } from './lib/failure.ts'
import { networkError } from './lib/http-transport.ts'
import type { JsonObject } from './lib/ndjson.ts'
import { administratorKey } from './provision.ts'
import type { RECONCILE } from './table/operation.ts'

/** Lines of one request: the most that the service accepts. */
const LINES = 200

/** How often a request is sent while the service is busy. */
const TRIES = 10

interface Service {
  readonly url: URL
  readonly key: string
}

export const run: Run<typeof RECONCILE> = async (parsed, io) => {
  const { acquirerLedger, url, asOf: named, since = 0, apply, json } = parsed
  const service = { url, key: administratorKey(parsed) }
  // Our messages are read first, so that a list that is fetched after them is newer.
  const ours = await readForwarded(service)
  const { items, writtenAt } = await readAcquirerLedger(acquirerLedger)
  const asOf = Math.min(named ?? writtenAt ?? ours.asOf, ours.asOf)
  const lines = [...items, ...absentFrom(items, ours.items, since)]
  const print = (result: JsonObject) => io.stdout(json ? JSON.stringify(result) : sentence(result))
  const results = await compare(service, lines, asOf, apply, print)
  const summary = summaryOf(results, items.length, ours.items.length)
  io.stdout(json ? JSON.stringify(summary) : summarySentence(summary))
  return results.some(isOpen) ? 1 : 0
}

interface Ours {
  readonly items: readonly JsonObject[]
  /** The service's own time before it read the first item. */
  readonly asOf: number
}

async function readForwarded(service: Service): Promise<Ours> {
  const items: JsonObject[] = []
  let asOf: number | undefined
  for (let cursor: unknown = '0'; typeof cursor === 'string'; ) {
    const { body } = await request(service, `/v1/acquirer-messages?cursor=${cursor}`)
    const page = JSON.parse(body) as { items: JsonObject[]; next: string | null; asOf: string }
    items.push(...page.items)
    asOf ??= Date.parse(page.asOf)
    cursor = page.next
  }
  return { items, asOf: asOf ?? 0 }
}

/** The list of an acquirer may have a terminal number with the blanks of field 41. */
const identityOf = ({ terminalId, batchNumber, stan }: JsonObject): string =>
  `${shownTerminal(String(terminalId))} ${batchNumber} ${stan}`

/** The messages that we forwarded since then and that are not in their list. */
function absentFrom(theirs: readonly JsonObject[], ours: readonly JsonObject[], since: number): JsonObject[] {
  const listed = new Set(theirs.map(identityOf))
  return ours
    .filter((item) => !listed.has(identityOf(item)) && Date.parse(String(item.claimedAt)) >= since)
    .map(({ kind, merchantId, terminalId, batchNumber, stan }) => ({
      ...{ kind, merchantId, terminalId, batchNumber, stan },
      state: 'absent',
    }))
}

/** Prints each result at once: a result that is recorded is printed even if a later request fails. */
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
    const { body } = await request(service, path, part.map((line) => `${JSON.stringify(line)}\n`).join(''))
    for (const line of body.split('\n').filter((one) => one !== '')) {
      const { line: number, ...answer } = JSON.parse(line) as JsonObject
      const result = { ...identify(part[Number(number) - 1]), ...answer }
      results.push(result)
      print(result)
    }
  }
  return results
}

/** Names the message of a line, also where the service could not read the line. */
const identify = ({ kind, terminalId, batchNumber, stan }: JsonObject = {}): JsonObject => ({
  kind,
  terminalId,
  batchNumber,
  stan,
})

async function request({ url, key }: Service, path: string, body?: string): Promise<{ body: string }> {
  for (let tries = 1; ; tries++) {
    const response = await send(new URL(path, url), key, body)
    const text = await response.text()
    if (response.ok) return { body: text }
    const wait = Number(response.headers.get('retry-after') ?? Number.NaN)
    if (Number.isNaN(wait) || tries === TRIES)
      throw new Failure(`${url.origin}: ${refusalText(response.status, objectIn(text))}`)
    await sleep(wait * 1000)
  }
}

async function send(url: URL, key: string, body: string | undefined): Promise<Response> {
  const authorization = `Bearer ${key}`
  try {
    if (body === undefined) return await fetch(url, { redirect: 'error', headers: { authorization } })
    const headers = { authorization, 'content-type': 'application/x-ndjson' }
    return await fetch(url, { method: 'POST', redirect: 'error', headers, body })
  } catch (error) {
    throw new Failure(`${url.origin}: ${networkError(error)}`)
  }
}

/** True for a difference that is not recorded, and for a line that the service could not read. */
const isOpen = ({ result, applied }: JsonObject): boolean =>
  result === undefined ||
  result === 'unknown_terminal' ||
  result === 'archived' ||
  ((result === 'resolves' || result === 'differs') && applied !== true)

interface Summary {
  readonly theirs: number
  readonly ours: number
  readonly agree: number
  /** Kind of result → how often it occurred. */
  readonly [result: string]: number
}

function summaryOf(results: readonly JsonObject[], theirs: number, ours: number): Summary {
  const counts: Record<string, number> = {}
  for (const one of results) {
    const name = String(one.difference ?? one.event ?? one.result ?? one.reason)
    counts[name] = (counts[name] ?? 0) + 1
  }
  const differing = results.filter(
    ({ acquirer, result }) => result !== undefined && (acquirer as JsonObject).state !== 'absent',
  )
  const unread = results.filter(({ result }) => result === undefined)
  return { theirs, ours, agree: theirs - differing.length - unread.length, ...counts }
}

type Answer = Exclude<ReconciliationResult, { readonly result: 'agrees' | 'resolves' | 'differs' }>
type Event = Extract<ReconciliationResult, { readonly result: 'resolves' }>['event']

/** Each result, event or difference that a line can have. `unknown_terminal` and `archived` come before a comparison. */
const WORDS = {
  changed_since: 'changed here after the list was made',
  in_progress: 'its outcome is still being determined',
  known_case: 'differs; a case has this difference already',
  unknown_terminal: 'its terminal is not registered here',
  archived: 'the records of its batch are in the archive',
  acquirer_approved: 'resolved: the acquirer approved it',
  acquirer_declined: 'resolved: the acquirer declined it',
  acquirer_undone: 'resolved: the acquirer reversed it',
  only_acquirer: 'only the acquirer has it',
  only_ours: 'only this service has it',
  state: 'its state differs',
  amount: 'its amount differs',
  identity: 'its kind, merchant or currency differs',
} as const satisfies Readonly<
  Record<Answer['result'] | Event | Difference | 'unknown_terminal' | 'archived', string>
>

/** A later version of the service can have further names: such a name stands for itself. */
function wordsOf({ difference, event, result }: JsonObject): string {
  if (result === undefined) return 'the service cannot read this line'
  const name = String(difference ?? event ?? result)
  return Object.hasOwn(WORDS, name) ? WORDS[name as keyof typeof WORDS] : name
}

function sentence(result: JsonObject): string {
  const { kind, terminalId, batchNumber, stan, applied } = result
  const states =
    result.result === undefined ? '' : ` (here ${stateOf(result.ours)}, acquirer ${stateOf(result.acquirer)})`
  const done = applied === true ? '; recorded' : applied === false ? '; NOT recorded: try again' : ''
  return `${kind} ${terminalId} ${batchNumber} ${stan}: ${wordsOf(result)}${states}${done}`
}

const stateOf = (side: unknown): string => {
  const { state, amount } = (side ?? {}) as { state?: string; amount?: number | null }
  return state === undefined ? 'nothing' : amount == null ? state : `${state} ${amount}`
}

function summarySentence({ theirs, ours, agree, ...counts }: Summary): string {
  const others = Object.entries(counts).map(([name, count]) => `${count} ${name}`)
  return `${theirs} in the list, ${ours} here: ${[`${agree} agree`, ...others].join(', ')}`
}
