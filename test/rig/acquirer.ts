/**
 * @module An acquirer for a rig: the simulator in this process, so that its books survive every kill, and a
 * comparison of its books with ours.
 */

import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadCore } from '../../src/cli/lib/core.ts'
import { createSimulator, type LedgerEntry } from '../../src/simulator/app.ts'
import type { Plan } from '../../src/simulator/faults.ts'
import { seeded } from '../support/micro-random.ts'
import type { Row } from './control.ts'

const MAC_KEY = '0123456789ABCDEF'

export interface RigAcquirer {
  readonly port: number
  /** Settings for a rig's service. `port` is for `acquirerPort`. */
  readonly vars: Readonly<Record<string, string>>
  ledger(): Promise<LedgerEntry[]>
  faults(rates: Plan['rates'], seed: number): Promise<void>
  /** Delivers the delayed requests. */
  deliverLate(): Promise<void>
  close(): Promise<void>
}

/** Share of requests that arrive only after their sender got an error. */
const LATE_SHARE = 0.05
/** Half of them arrive within this time, the others in `deliverLate`. */
const LATE_MS = 1_000

/** `lateShare`: the share of requests that arrive after their sender stopped waiting, 0 … 1. */
export async function startAcquirer(seed: number, lateShare = LATE_SHARE): Promise<RigAcquirer> {
  const random = seeded(seed)
  const simulator = createSimulator({
    core: await loadCore(),
    macProfile: 'cup-ecb',
    macKey: Uint8Array.from(Buffer.from(MAC_KEY, 'hex')),
    now: () => Date.now(),
    sleep: (ms) => (ms === 0 ? Promise.resolve() : sleep(ms)),
  })
  const ask = (method: string, path: string, body?: string | Uint8Array<ArrayBuffer>) =>
    simulator(new Request(`http://acquirer${path}`, { method, ...(body === undefined ? {} : { body }) }))
  let withheld: (() => Promise<unknown>)[] = []
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    if (random.below(1000) < 1000 * lateShare) {
      const deliver = () => ask('POST', '/', body)
      if (random.below(2) === 0) withheld.push(deliver)
      else void sleep(random.below(LATE_MS)).then(deliver)
      response.writeHead(504).end()
      return
    }
    const answer = await ask('POST', '/', body)
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.end(new Uint8Array(await answer.arrayBuffer()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    // A terminal waits for the second try, and for no later one: the rig repeats itself what got no answer.
    vars: { ACQUIRER: 'https', ACQUIRER_MAC_KEY: MAC_KEY, ACQUIRER_DEADLINE: '2' },
    async ledger() {
      const { items } = (await (await ask('GET', '/ledger')).json()) as { items: LedgerEntry[] }
      return items
    },
    async faults(rates, seed) {
      const { status } = await ask('POST', '/faults', JSON.stringify({ rates, script: [], seed }))
      if (status !== 204) throw new Error('faults: rejected')
    },
    async deliverLate() {
      const deliveries = withheld
      withheld = []
      for (const deliver of deliveries) await deliver()
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Uint8Array.from(Buffer.concat(parts))
}

/** Messages on which the acquirer's books and `acquirer_message` differ: approved on one side only. */
export function discrepancies(items: readonly LedgerEntry[], messages: readonly Row[]): string[] {
  const ours = new Map(
    messages.map((row) => [
      `${row.terminal_id} ${row.batch_number} ${row.acquirer_stan}`,
      `${row.kind} ${row.state}`,
    ]),
  )
  const theirs = new Map(
    items.map((item) => [
      `${item.terminalId} ${item.batchNumber} ${item.stan}`,
      `${item.kind} ${item.state}`,
    ]),
  )
  return [...new Set([...ours.keys(), ...theirs.keys()])].flatMap((key) => {
    const [our, their] = [ours.get(key) ?? 'nothing', theirs.get(key) ?? 'nothing']
    const agreed = our === their || ![our, their].some((state) => state.endsWith(' approved'))
    return agreed && !/ (pending|undoing|reversing)$/.test(our)
      ? []
      : [`${key}: ours ${our}, the acquirer's ${their}`]
  })
}
