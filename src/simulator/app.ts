/**
 * @module The simulated acquirer over HTTP. Beside frames it has routes that no real acquirer has: its ledger in JSON
 * (`GET /ledger`) and its faults (`POST /faults`, `/cut-off`, `/lose-key`, `/reset`).
 */

import { shownTerminal } from '../domain/terminal-number.ts'
import { ISO_CONTENT_TYPE } from '../iso8583/frame.ts'
import type { MacKey } from '../iso8583/mac.ts'
import { type AcquirerOptions, AcquirerSimulator } from './acquirer.ts'
import { type Plan, readPlan, seededRandom } from './faults.ts'
import type { Item, Ledger } from './ledger.ts'
import { authorizationCodeOf, rrnOf } from './messages.ts'

export interface SimulatorRuntime extends MacKey, Pick<AcquirerOptions, 'zoneKey'> {
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves after so many milliseconds. */
  sleep(ms: number): Promise<void>
}

/** One item of the ledger in JSON. */
export interface LedgerEntry {
  readonly kind: 'sale' | 'void'
  readonly merchantId: string
  readonly terminalId: string
  readonly batchNumber: string
  readonly stan: string
  readonly amount: number
  readonly currency: string
  readonly original: Item['original']
  readonly state: Item['state']
  readonly responseCode: string
  readonly rrn: string
  readonly authorizationCode: string | null
  readonly businessDay: number
  /** STAN of the approved void of a sale. */
  readonly voidedBy: string | null
}

/** The current items of the ledger. */
const entriesOf = (ledger: Ledger): LedgerEntry[] =>
  Array.from(ledger.items(), (item) => {
    const { serial: _, day, at: __, liveVoid, of: kind, currencyCode: currency, ...entry } = item
    return {
      kind,
      ...entry,
      terminalId: shownTerminal(entry.terminalId),
      currency,
      rrn: rrnOf(item),
      authorizationCode: item.responseCode === '00' ? authorizationCodeOf(item) : null,
      businessDay: day,
      voidedBy: liveVoid?.stan ?? null,
    }
  })

const LONGEST_FRAME = 4_096
/** The HTTP status of a network whose acquirer does not answer. */
const NO_ANSWER = 504

/** Returns the request handler. All state is in memory, and starts empty. */
export function createSimulator(runtime: SimulatorRuntime): (request: Request) => Promise<Response> {
  const open = () => new AcquirerSimulator({ ...runtime, random: seededRandom(1) })
  let acquirer = open()
  return async (request) => {
    const { pathname } = new URL(request.url)
    switch (`${request.method} ${pathname}`) {
      case 'GET /ledger': {
        const businessDay = acquirer.ledger.dayAt(runtime.now())
        return Response.json({ businessDay, items: entriesOf(acquirer.ledger) })
      }
      case 'POST /faults': {
        const simulated = await readFaults(request)
        if (simulated === undefined) return new Response('expected {rates, script, seed}\n', { status: 400 })
        acquirer.follow(
          simulated.plan,
          simulated.seed === undefined ? undefined : seededRandom(simulated.seed),
        )
        return new Response(null, { status: 204 })
      }
      case 'POST /cut-off':
        acquirer.ledger.cutOff()
        return new Response(null, { status: 204 })
      case 'POST /lose-key':
        acquirer.loseKey()
        return new Response(null, { status: 204 })
      case 'POST /reset':
        acquirer = open()
        return new Response(null, { status: 204 })
      default:
        return request.method === 'POST'
          ? exchange(runtime, acquirer, request)
          : new Response(null, { status: 405 })
    }
  }
}

async function exchange(
  { now, sleep }: SimulatorRuntime,
  acquirer: AcquirerSimulator,
  request: Request,
): Promise<Response> {
  const bytes = new Uint8Array(await request.arrayBuffer())
  if (bytes.length > LONGEST_FRAME) return new Response(null, { status: 413 })
  const { answer, copies, delayMs, arrivesAfterMs } = acquirer.receive(bytes, now())
  await sleep(delayMs + arrivesAfterMs)
  const late = arrivesAfterMs === 0 ? answer : acquirer.process(bytes, now())
  if (late === null) return new Response(null, { status: NO_ANSWER })
  const body = new Uint8Array(late.length * Math.max(1, copies))
  for (let at = 0; at < body.length; at += late.length) body.set(late, at)
  return new Response(body, { headers: { 'content-type': ISO_CONTENT_TYPE } })
}

async function readFaults(request: Request): Promise<{ plan: Plan; seed?: number } | undefined> {
  const value: unknown = await request.json().catch(() => undefined)
  const { seed } = (value ?? {}) as { seed?: unknown }
  const plan = readPlan(value) ?? undefined
  if (plan === undefined || (seed !== undefined && !Number.isSafeInteger(seed))) return undefined
  return { plan, ...(seed === undefined ? {} : { seed: Number(seed) }) }
}
