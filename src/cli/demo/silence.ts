/** @module The demo's story of an acquirer that does not answer: nothing is claimed to be known until it is, and then both books agree. */

import type { LedgerEntry } from '../../simulator/app.ts'
import { testCard } from '../../terminal/test-cards.ts'
import type { VirtualTerminal } from '../../terminal/virtual-terminal.ts'
import type { SimulatedAcquirer } from '../acquirer.ts'
import type { DevServer } from '../dev/server.ts'
import { made } from './acquirer.ts'
import { askJson, untilFinal } from './json.ts'
import type { Screen } from './screen.ts'

interface Scene {
  readonly server: DevServer
  readonly acquirer: SimulatedAcquirer
  readonly terminalId: string
  readonly screen: Screen
}

const THIRD = { amount: 8800, pan: testCard(3) }

export async function loseAcquirerResponse(scene: Scene, terminal: VirtualTerminal): Promise<void> {
  const { server, acquirer, screen } = scene
  screen.step('消费', 'Sale of 88.00, in the new batch')
  const sold = made(await terminal.sale(THIRD.amount, THIRD.pan))
  screen.expect(sold.outcome === 'approved', 'as before')
  const sale = (await askJson(server, `/v1/sales/${sold.received?.fields.get(37)}`)).body

  screen.step('后台撤销', 'The back office voids it in JSON; the acquirer does so, and its answer is lost')
  await fetch(new URL('/faults', acquirer.url), {
    method: 'POST',
    body: JSON.stringify({ script: [{ on: 'void', fault: 'drop_answer' }] }),
  })
  const since = performance.now()
  const asked = await askJson(server, '/v1/voids', {
    body: { saleId: sale.id, amount: THIRD.amount, reason: 'customer_changed_mind' },
    idempotencyKey: `demo-${sale.id}`,
  })
  const { status, certainty, doNext, retryAfter, decideBy } = asked.body
  screen.note(`POST /v1/voids → HTTP ${asked.status}, location ${asked.location}`)
  screen.note(JSON.stringify({ status, certainty, doNext, retryAfter, decideBy }))
  screen.expect(
    asked.status === 202 && certainty === 'UNKNOWN',
    'neither approved nor declined is said: the void is claimed, and the service finds out by decideBy',
  )

  screen.step('查询', 'The back office does what doNext says: it looks again')
  const found = await untilFinal(scene, asked.location ?? '')
  const seconds = ((performance.now() - since) / 1000).toFixed(1)
  screen.note(
    JSON.stringify({ status: found.status, certainty: found.certainty, acquirerRrn: found.acquirerRrn }),
  )
  screen.expect(
    found.status === 'approved' && found.certainty === 'FINAL',
    `an inquiry of the service's (0600) found it approved: FINAL after ${seconds} s`,
  )

  screen.step('对账', "The acquirer's books beside ours")
  await compareBooks(scene, String(found.acquirerRrn))
}

async function compareBooks({ acquirer, terminalId, screen }: Scene, lastRrn: string): Promise<void> {
  const response = await fetch(new URL('/ledger', acquirer.url))
  const { items } = (await response.json()) as { items: LedgerEntry[] }
  const theirs = items.filter((item) => item.terminalId === terminalId)
  for (const { of, rrn, amount, state } of theirs)
    screen.note(`${rrn}  ${of.padEnd(4)} ${(amount / 100).toFixed(2).padStart(7)}  ${state}`)
  const states = theirs.map(({ of, state }) => `${of} ${state}`).join(', ')
  const expected =
    'sale approved, sale approved, void approved, void reversed, void approved, sale approved, void approved'
  screen.expect(
    states === expected && theirs.at(-1)?.rrn === lastRrn,
    'three sales, three voids, one void reversed: as in ours; the void whose answer was lost is there once',
  )
}
