/**
 * @module An older database restored under an acquirer that is ahead. Terminals and back offices work through
 * faults, and a copy of the database is made at some moment. They continue, and the copy is restored. The
 * acquirer's records are sent as `annul reconcile` does. Then both books must agree except for open cases,
 * and nothing may have gone to the acquirer as new.
 */

import { NO_FAULTS } from '../../src/simulator/faults.ts'
import type { Item } from '../../src/simulator/ledger.ts'
import { authorizationCodeOf, rrnOf } from '../../src/simulator/messages.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { checkChains, checkVoids, must } from './checks.ts'
import { drawAcquirerPlan, drawFaultRates, FaultPlan, NO_FAULT_RATES } from './fault-plan.ts'
import { ADMINISTRATOR, Harness, MASTER_KEY } from './harness.ts'
import { jsonRequest, sendJson } from './json-client.ts'
import { MerchantClient } from './merchant-client.ts'
import { PLATFORM } from './platform/isolate.ts'
import { Random } from './platform/random.ts'

const MINUTE = 60_000
const MERCHANT = '100000000000001'

export interface Restored {
  /** The results of the acquirer's records, by kind. */
  readonly results: Readonly<Record<string, number>>
  readonly violation: string | null
}

interface ReconciliationResult {
  readonly result?: string
  readonly event?: string
  readonly difference?: string
  readonly applied?: boolean | null
}

const slotOf = ({ of, terminalId, batchNumber, stan }: Item): string =>
  `${of} ${terminalId} ${batchNumber} ${stan}`

export async function runRestore(module: WebAssembly.Module, seed: number): Promise<Restored> {
  const random = new Random(seed)
  const faultPlan = new FaultPlan(random.fork(), NO_FAULT_RATES, true)
  const harness = new Harness({
    seed: random.next(),
    module,
    start: Date.UTC(2026, 5, 1, 2, 18),
    acquirer: 'https',
    recovery: 'inquiry',
    isolates: 2,
    planTrip: () => faultPlan.planTrip(),
    planAcquirer: () => faultPlan.planAcquirer(),
    planCopies: (isolates) => faultPlan.planCopies(isolates),
    losesPower: () => false,
  })
  let results: Record<string, number> = {}
  let violation: string | null = null
  try {
    await harness.phase('restore', async () => {
      results = await runSteps(harness, faultPlan, random)
    })
  } catch (error) {
    violation = harness.describe(error)
  }
  harness.storage.close()
  return { results, violation }
}

async function runSteps(
  harness: Harness,
  faultPlan: FaultPlan,
  random: Random,
): Promise<Record<string, number>> {
  const { scheduler, storage, acquirer, isolates } = harness
  const merchantClient = await openHarness(harness)
  tick(harness)
  const work = async (actions: number) => {
    for (const terminal of harness.terminals) terminal.start(actions)
    merchantClient.start(actions)
    while (![...harness.terminals, merchantClient].every(({ isDone }) => isDone)) await scheduler.sleep(1000)
  }
  faultPlan.rates = drawFaultRates(random, true)
  acquirer.simulator.follow(drawAcquirerPlan(random, true))
  // The copy is made at a random moment during the work.
  scheduler.after(random.between(1, 40_000), PLATFORM, 'kept', () => storage.backUp())
  await work(15)
  await work(10)
  await scheduler.sleep(MINUTE)
  faultPlan.rates = NO_FAULT_RATES
  acquirer.simulator.follow(NO_FAULTS)
  await scheduler.sleep(5 * MINUTE)

  storage.restore()
  for (const isolate of isolates) isolate.crash()
  const { sales } = harness.context
  const isStored = ({ rrn }: { rrn: string }) =>
    storage.rows('select 1 from sale where rrn = ?', rrn).length > 0
  sales.splice(0, sales.length, ...sales.filter(isStored))
  const before = new Set(Array.from(acquirer.simulator.ledger.items(), slotOf))
  const queued = new Set(
    storage
      .rows(
        `select kind || ' ' || terminal_id || ' ' || batch_number || ' ' || acquirer_stan as slot from acquirer_record`,
      )
      .map(({ slot }) => slot),
  )
  const first = await reconcile(harness)
  const open = first.filter(
    ({ result, applied }) => result !== 'in_progress' && result !== 'changed_since' && applied !== true,
  )
  must(open.length === 0, `not written down: ${JSON.stringify(open)}`)
  await scheduler.sleep(20 * MINUTE)
  const second = await reconcile(harness)
  must(
    second.every(({ result }) => result === 'known_case' || result === 'in_progress'),
    `still different in the second run: ${JSON.stringify(second)}`,
  )
  await checkRefused(harness, merchantClient)
  for (const item of acquirer.simulator.ledger.items()) {
    const slot = slotOf(item)
    must(before.has(slot) || queued.has(slot), `the acquirer got ${slot} as new`)
  }
  await checkSound(harness)
  // The work continues, with terminals that remember more than the database. So their totals may differ.
  for (const { dropped } of harness.terminals) dropped.push('restored')
  await work(8)
  await scheduler.sleep(10 * MINUTE)
  for (const terminal of harness.terminals) await terminal.finish()
  await scheduler.sleep(10 * MINUTE)
  await checkSound(harness)
  const results: Record<string, number> = {}
  for (const { result, event, difference } of first) {
    const name = difference ?? event ?? result ?? 'unread'
    results[name] = (results[name] ?? 0) + 1
  }
  return results
}

async function checkSound(harness: Harness): Promise<void> {
  await checkChains(harness.storage)
  checkVoids(harness.storage)
  checkBooks(harness)
}

async function openHarness(harness: Harness): Promise<MerchantClient> {
  harness.addBearerKey(null)
  harness.addBearerKey(MERCHANT)
  for (const terminalId of ['T0000001', 'T0000002'])
    await harness.provision(
      harness.openTerminal({
        merchantId: MERCHANT,
        terminalId,
        macProfile: 'cup-ecb',
        settlementMac: true,
        weights: { sale: 6, void: 6, reverse: 1, settle: 1, signOn: 1, resend: 1, echo: 0 },
        cards: [testCard(7)],
        pause: 1000,
        captureSales: null,
      }),
    )
  return new MerchantClient(harness.context, {
    name: 'client',
    merchantId: MERCHANT,
    masterKey: MASTER_KEY,
    pause: 1000,
  })
}

function tick(harness: Harness): void {
  harness.scheduler.after(MINUTE, PLATFORM, 'cron', () => {
    harness.isolates[0]?.cron()
    tick(harness)
  })
}

/** Like the command: our records first, then the acquirer's records line by line through the JSON API. */
async function reconcile({ context, acquirer }: Harness): Promise<ReconciliationResult[]> {
  const ours = await sendJson(context, jsonRequest(ADMINISTRATOR, 'GET', '/v1/acquirer-messages'))
  must(ours?.status === 200, `our records are not available: ${ours?.status}`)
  const lines = Array.from(acquirer.simulator.ledger.items(), (item) => ({
    kind: item.of,
    merchantId: item.merchantId,
    terminalId: item.terminalId,
    batchNumber: item.batchNumber,
    stan: item.stan,
    state: item.state,
    amount: item.amount,
    currency: item.currencyCode,
    rrn: rrnOf(item),
    authorizationCode: item.responseCode === '00' ? authorizationCodeOf(item) : null,
    original: item.original,
  }))
  const body = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  const path = `/v1/reconciliations?asOf=${String(ours.body.asOf)}&apply=true`
  const headers = {
    authorization: `Bearer ${ADMINISTRATOR}`,
    'content-type': 'application/x-ndjson',
    'content-length': String(body.length),
  }
  const reply = await context.network.send({ method: 'POST', path, headers, body }, 60_000)
  const text = new TextDecoder().decode(reply?.body)
  must(reply?.status === 200, `the records are rejected: ${reply?.status} ${text}`)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ReconciliationResult)
}

/** A second void of a sale whose void only the acquirer had is refused, without a request to the acquirer. */
async function checkRefused(
  { storage, context, acquirer }: Harness,
  merchantClient: MerchantClient,
): Promise<void> {
  const adopted = storage.rows<{ rrn: string; terminalId: string; amount: number }>(
    `select sale.rrn, sale.terminal_id as terminalId, sale.amount from void join sale on sale.id = void.sale_id
     where void.message_key like 'acquirer|%' and void.state = 'approved' limit 3`,
  )
  for (const sale of adopted) {
    const countBefore = [...acquirer.simulator.ledger.items()].length
    const planned = merchantClient.planVoid({ ...sale, merchantId: MERCHANT })
    await merchantClient.void(planned)
    const [row] = storage.rows(
      'select count(*) as n from void where sale_id = ? and state = ?',
      planned.saleId,
      'approved',
    )
    must(row?.n === 1, `sale ${sale.rrn} is voided ${row?.n} times`)
    must(
      [...acquirer.simulator.ledger.items()].length === countBefore,
      `the acquirer got a request for a second void of ${sale.rrn}`,
    )
    context.scheduler.note('refused')
  }
}

/** The same messages stand at the acquirer and here. A difference has a case. */
function checkBooks({ storage, acquirer }: Harness): void {
  const rows = storage.rows<{ slot: string; state: string; isCase: number }>(
    `select kind || ' ' || terminal_id || ' ' || batch_number || ' ' || acquirer_stan as slot, state,
       case_reason is not null and case_closed_at is null as isCase from acquirer_record`,
  )
  const ours = new Map(rows.map((row) => [row.slot, row]))
  for (const item of acquirer.simulator.ledger.items()) {
    const ourRecord = ours.get(slotOf(item))
    must(ourRecord !== undefined, `the acquirer has ${slotOf(item)}, which is unknown here`)
    ours.delete(ourRecord.slot)
    const agrees = (item.state === 'approved') === (ourRecord.state === 'approved')
    must(
      agrees || ourRecord.isCase === 1,
      `${ourRecord.slot} is ${ourRecord.state}, at the acquirer ${item.state}, without a case`,
    )
  }
  for (const { slot, state, isCase } of ours.values())
    must(state !== 'approved' || isCase === 1, `${slot} is approved, but unknown at the acquirer`)
}
