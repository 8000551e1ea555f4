/**
 * @module An older database brought back under an acquirer that is ahead: terminals and back offices work through faults, a copy of the
 * database is kept at some moment, they go on, and the copy comes back. The acquirer's list is held against it as `annul reconcile`
 * does; then both books must agree but for what a person knows of, and nothing may have gone to the acquirer as new.
 */

import { NO_FAULTS } from '../../src/simulator/faults.ts'
import type { Item } from '../../src/simulator/ledger.ts'
import { authorizationCodeOf, rrnOf } from '../../src/simulator/messages.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { checkChains, checkVoids, must } from './checks.ts'
import { CALM, drawAcquirerPlan, drawClimate, FaultPlan } from './fault-plan.ts'
import { ADMINISTRATOR, Harness, MASTER_KEY } from './harness.ts'
import { ask, jsonRequest } from './json-client.ts'
import { MerchantClient } from './merchant-client.ts'
import { PLATFORM } from './platform/isolate.ts'
import { Random } from './platform/random.ts'

const MINUTE = 60_000
const MERCHANT = '100000000000001'

export interface Restored {
  /** Differences that the acquirer's list brought to light, by what they are. */
  readonly results: Readonly<Record<string, number>>
  readonly violation: string | null
}

interface ReconciliationResult {
  readonly result?: string
  readonly event?: string
  readonly difference?: string
  readonly applied?: boolean | null
}

const placeOf = ({ of, terminalId, batchNumber, stan }: Item): string =>
  `${of} ${terminalId} ${batchNumber} ${stan}`

export async function runRestore(module: WebAssembly.Module, seed: number): Promise<Restored> {
  const random = new Random(seed)
  const faultPlan = new FaultPlan(random.fork(), CALM, true)
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
      results = await perform(harness, faultPlan, random)
    })
  } catch (error) {
    violation = harness.describe(error)
  }
  harness.storage.close()
  return { results, violation }
}

async function perform(
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
  faultPlan.climate = drawClimate(random, true)
  acquirer.simulator.follow(drawAcquirerPlan(random, true))
  // The copy is of some moment in the middle of things.
  scheduler.after(random.between(1, 40_000), PLATFORM, 'kept', () => storage.keep())
  await work(15)
  await work(10)
  await scheduler.sleep(MINUTE)
  faultPlan.climate = CALM
  acquirer.simulator.follow(NO_FAULTS)
  await scheduler.sleep(5 * MINUTE)

  storage.bringBack()
  for (const isolate of isolates) isolate.crash()
  const { sales } = harness.context
  const isThere = ({ rrn }: { rrn: string }) =>
    storage.rows('select 1 from sale where rrn = ?', rrn).length > 0
  sales.splice(0, sales.length, ...sales.filter(isThere))
  const before = new Set(Array.from(acquirer.simulator.ledger.items(), placeOf))
  const owed = new Set(
    storage
      .rows(
        `select kind || ' ' || terminal_id || ' ' || batch_number || ' ' || acquirer_stan as place from acquirer_message`,
      )
      .map(({ place }) => place),
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
    `found the second time: ${JSON.stringify(second)}`,
  )
  await checkRefused(harness, merchantClient)
  for (const item of acquirer.simulator.ledger.items()) {
    const place = placeOf(item)
    must(before.has(place) || owed.has(place), `the acquirer was sent ${place} as new`)
  }
  await checkSound(harness)
  // Life goes on, with terminals that remember what the database does not.
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
  harness.enterBearer(null)
  harness.enterBearer(MERCHANT)
  for (const terminalId of ['T0000001', 'T0000002'])
    await harness.provision(
      harness.openTerminal({
        merchantId: MERCHANT,
        terminalId,
        macProfile: 'cup-ecb',
        settlementMac: true,
        habits: { sale: 6, void: 6, reverse: 1, settle: 1, signOn: 1, resend: 1, echo: 0 },
        cards: [testCard(7)],
        pause: 1000,
        captureSales: null,
      }),
    )
  return new MerchantClient(harness.context, {
    name: 'shop',
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

/** As the command does it: ours first, then the acquirer's list, then line by line through the door. */
async function reconcile({ context, acquirer }: Harness): Promise<ReconciliationResult[]> {
  const ours = await ask(context, jsonRequest(ADMINISTRATOR, 'GET', '/v1/acquirer-messages'))
  must(ours?.status === 200, `what we hold is not told: ${ours?.status}`)
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
  must(reply?.status === 200, `the list is not taken: ${reply?.status} ${text}`)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ReconciliationResult)
}

/** Another void of a sale whose void only the acquirer had is refused, without a word to the acquirer. */
async function checkRefused(
  { storage, context, acquirer }: Harness,
  merchantClient: MerchantClient,
): Promise<void> {
  const taken = storage.rows<{ rrn: string; terminalId: string; amount: number }>(
    `select sale.rrn, sale.terminal_id as terminalId, sale.amount from void join sale on sale.id = void.sale_id
     where void.message_key like 'acquirer|%' and void.state = 'approved' limit 3`,
  )
  for (const sale of taken) {
    const known = [...acquirer.simulator.ledger.items()].length
    const wanted = merchantClient.want({ ...sale, merchantId: MERCHANT })
    await merchantClient.void(wanted)
    const [row] = storage.rows(
      'select count(*) as n from void where sale_id = ? and state = ?',
      wanted.saleId,
      'approved',
    )
    must(row?.n === 1, `sale ${sale.rrn} is voided ${row?.n} times`)
    must(
      [...acquirer.simulator.ledger.items()].length === known,
      `the acquirer was asked for a second void of ${sale.rrn}`,
    )
    context.scheduler.note('refused')
  }
}

/** What stands at the acquirer stands here, and the other way round, or a person knows. */
function checkBooks({ storage, acquirer }: Harness): void {
  const rows = storage.rows<{ place: string; state: string; isCase: number }>(
    `select kind || ' ' || terminal_id || ' ' || batch_number || ' ' || acquirer_stan as place, state,
       case_reason is not null and case_closed_at is null as isCase from acquirer_message`,
  )
  const ours = new Map(rows.map((row) => [row.place, row]))
  for (const item of acquirer.simulator.ledger.items()) {
    const ourRecord = ours.get(placeOf(item))
    must(ourRecord !== undefined, `the acquirer has ${placeOf(item)}, which we do not know`)
    ours.delete(ourRecord.place)
    const agrees = (item.state === 'approved') === (ourRecord.state === 'approved')
    must(
      agrees || ourRecord.isCase === 1,
      `${ourRecord.place} is ${ourRecord.state}, at the acquirer ${item.state}, and no one knows`,
    )
  }
  for (const { place, state, isCase } of ours.values())
    must(state !== 'approved' || isCase === 1, `${place} is approved, and the acquirer does not know it`)
}
