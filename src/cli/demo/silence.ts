/** @module The demo's void without an acquirer response: the service returns PENDING, inquires, and then both ledgers agree. */

import type { LedgerEntry } from '../../simulator/app.ts'
import { testCard } from '../../terminal/test-cards.ts'
import type { VirtualTerminal } from '../../terminal/virtual-terminal.ts'
import type { SimulatedAcquirer } from '../dev/acquirer.ts'
import type { DevServer } from '../dev/server.ts'
import { requestJson, untilFinal } from './json.ts'
import type { Screen } from './screen.ts'
import { made } from './terminal.ts'

interface Scene {
  readonly server: DevServer
  readonly acquirer: SimulatedAcquirer
  readonly terminalId: string
  readonly screen: Screen
}

const THIRD = { amount: 8800, pan: testCard(3) }

export async function loseAcquirerResponse(scene: Scene, terminal: VirtualTerminal): Promise<void> {
  const { server, acquirer, screen } = scene
  screen.step('消费', 'Sale of 88.00 in the new batch')
  const sold = made(await terminal.sale(THIRD.amount, THIRD.pan))
  screen.expect(sold.outcome === 'approved', 'approved for the same reasons')
  const sale = (await requestJson(server, `/v1/sales/${sold.received?.fields.get(37)}`)).body

  screen.step('后台撤销', 'The back office voids it by the JSON API; the acquirer’s response is lost')
  await fetch(new URL('/faults', acquirer.url), {
    method: 'POST',
    body: JSON.stringify({ script: [{ on: 'void', fault: 'drop_answer' }] }),
  })
  const since = performance.now()
  const answer = await requestJson(server, '/v1/voids', {
    body: { saleId: sale.id, amount: THIRD.amount, reason: 'customer_changed_mind' },
    idempotencyKey: `demo-${sale.id}`,
  })
  const { state, certainty, doNext, retryAfter, decideBy } = answer.body
  screen.note(`POST /v1/voids → HTTP ${answer.status}, location ${answer.location}`)
  screen.note(JSON.stringify({ state, certainty, doNext, retryAfter, decideBy }))
  screen.expect(
    answer.status === 202 && certainty === 'PENDING',
    'the void is PENDING, neither approved nor declined; the service determines it by decideBy',
  )

  screen.step('查询', 'The back office follows doNext: it queries again')
  const found = await untilFinal(scene, answer.location ?? '')
  const seconds = ((performance.now() - since) / 1000).toFixed(1)
  screen.note(
    JSON.stringify({ state: found.state, certainty: found.certainty, acquirerRrn: found.acquirerRrn }),
  )
  screen.expect(
    found.state === 'approved' && found.certainty === 'FINAL',
    `the service sent an inquiry (0600), the acquirer had approved the void: FINAL after ${seconds} s`,
  )

  screen.step('对账', 'The ledger of the acquirer')
  await compareLedgers(scene, String(found.acquirerRrn))
}

async function compareLedgers({ acquirer, terminalId, screen }: Scene, lastRrn: string): Promise<void> {
  const response = await fetch(new URL('/ledger', acquirer.url))
  const { items } = (await response.json()) as { items: LedgerEntry[] }
  const theirs = items.filter((item) => item.terminalId === terminalId)
  for (const { kind, rrn, amount, state } of theirs)
    screen.note(`${rrn}  ${kind.padEnd(4)} ${(amount / 100).toFixed(2).padStart(7)}  ${state}`)
  const states = theirs.map(({ kind, state }) => `${kind} ${state}`).join(', ')
  const expected =
    'sale approved, sale approved, void approved, void reversed, void approved, sale approved, void approved'
  screen.expect(
    states === expected && theirs.at(-1)?.rrn === lastRrn,
    'three sales and three voids are approved, one void is reversed, as here; the last void is there once',
  )
}
