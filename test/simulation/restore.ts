/**
 * @module An older database brought back under a host that is ahead: terminals and back offices work through faults, a copy of the
 * database is kept at some moment, they go on, and the copy comes back. The host's list is held against it as `annul reconcile`
 * does; then both books must agree but for what a person knows of, and nothing may have gone to the host as new.
 */

import { NO_FAULTS } from '../../src/simulator/faults.ts'
import type { Item } from '../../src/simulator/ledger.ts'
import { authorizationCodeOf, rrnOf } from '../../src/simulator/speech.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { checkChains, checkVoids, must } from './checks.ts'
import { ask, jsonRequest } from './json-client.ts'
import { ADMINISTRATOR, Lab, MASTER_KEY } from './lab.ts'
import { PLATFORM } from './platform/isolate.ts'
import { Random } from './platform/random.ts'
import { Shop } from './shop.ts'
import { CALM, drawClimate, drawHostPlan, Weather } from './weather.ts'

const MINUTE = 60_000
const MERCHANT = '100000000000001'

export interface Restored {
  /** Differences that the host's list brought to light, by what they are. */
  readonly findings: Readonly<Record<string, number>>
  readonly violation: string | null
}

interface Finding {
  readonly finding?: string
  readonly event?: string
  readonly difference?: string
  readonly applied?: boolean | null
}

const placeOf = ({ of, terminalId, batchNumber, stan }: Item): string =>
  `${of} ${terminalId} ${batchNumber} ${stan}`

export async function runRestore(module: WebAssembly.Module, seed: number): Promise<Restored> {
  const random = new Random(seed)
  const weather = new Weather(random.fork(), CALM, true)
  const lab = new Lab({
    seed: random.next(),
    module,
    start: Date.UTC(2026, 5, 1, 2, 18),
    acquirer: 'https',
    recovery: 'inquiry',
    isolates: 2,
    planTrip: () => weather.planTrip(),
    planHost: () => weather.planHost(),
    planCopies: (isolates) => weather.planCopies(isolates),
    losesPower: () => false,
  })
  let findings: Record<string, number> = {}
  let violation: string | null = null
  try {
    await lab.phase('restore', async () => {
      findings = await perform(lab, weather, random)
    })
  } catch (error) {
    violation = lab.describe(error)
  }
  lab.storage.close()
  return { findings, violation }
}

async function perform(lab: Lab, weather: Weather, random: Random): Promise<Record<string, number>> {
  const { scheduler, storage, host, isolates } = lab
  const shop = await openShop(lab)
  tick(lab)
  const work = async (actions: number) => {
    for (const till of lab.tills) till.start(actions)
    shop.start(actions)
    while (![...lab.tills, shop].every(({ isDone }) => isDone)) await scheduler.sleep(1000)
  }
  weather.climate = drawClimate(random, true)
  host.simulator.follow(drawHostPlan(random, true))
  // The copy is of some moment in the middle of things.
  scheduler.after(random.between(1, 40_000), PLATFORM, 'kept', () => storage.keep())
  await work(15)
  await work(10)
  await scheduler.sleep(MINUTE)
  weather.climate = CALM
  host.simulator.follow(NO_FAULTS)
  await scheduler.sleep(5 * MINUTE)

  storage.bringBack()
  for (const isolate of isolates) isolate.crash()
  const { sales } = lab.stage
  const isThere = ({ rrn }: { rrn: string }) =>
    storage.rows('select 1 from sale where rrn = ?', rrn).length > 0
  sales.splice(0, sales.length, ...sales.filter(isThere))
  const before = new Set(Array.from(host.simulator.ledger.items(), placeOf))
  const owed = new Set(
    storage
      .rows(
        `select kind || ' ' || terminal_id || ' ' || batch_number || ' ' || host_stan as place from host_message`,
      )
      .map(({ place }) => place),
  )
  const first = await reconcile(lab)
  const open = first.filter(
    ({ finding, applied }) => finding !== 'owed' && finding !== 'later' && applied !== true,
  )
  must(open.length === 0, `not written down: ${JSON.stringify(open)}`)
  await scheduler.sleep(20 * MINUTE)
  const second = await reconcile(lab)
  must(
    second.every(({ finding }) => finding === 'known' || finding === 'owed'),
    `found the second time: ${JSON.stringify(second)}`,
  )
  await checkRefused(lab, shop)
  for (const item of host.simulator.ledger.items()) {
    const place = placeOf(item)
    must(before.has(place) || owed.has(place), `the host was sent ${place} as new`)
  }
  await checkSound(lab)
  // Life goes on, with terminals that remember what the database does not.
  await work(8)
  await scheduler.sleep(10 * MINUTE)
  for (const till of lab.tills) await till.finish()
  await scheduler.sleep(10 * MINUTE)
  await checkSound(lab)
  const findings: Record<string, number> = {}
  for (const { finding, event, difference } of first) {
    const name = difference ?? event ?? finding ?? 'unread'
    findings[name] = (findings[name] ?? 0) + 1
  }
  return findings
}

async function checkSound(lab: Lab): Promise<void> {
  await checkChains(lab.storage)
  checkVoids(lab.storage)
  checkBooks(lab)
}

async function openShop(lab: Lab): Promise<Shop> {
  lab.enterBearer(null)
  lab.enterBearer(MERCHANT)
  for (const terminalId of ['T0000001', 'T0000002'])
    await lab.provision(
      lab.openTill({
        merchantId: MERCHANT,
        terminalId,
        macProfile: 'cup-ecb',
        settlementMac: true,
        habits: { sale: 6, void: 6, reverse: 1, settle: 1, signOn: 1, resend: 1, echo: 0 },
        cards: [testCard(7)],
        pause: 1000,
        feed: null,
      }),
    )
  return new Shop(lab.stage, { name: 'shop', merchantId: MERCHANT, masterKey: MASTER_KEY, pause: 1000 })
}

function tick(lab: Lab): void {
  lab.scheduler.after(MINUTE, PLATFORM, 'cron', () => {
    lab.isolates[0]?.cron()
    tick(lab)
  })
}

/** As the command does it: ours first, then the host's list, then line by line through the door. */
async function reconcile({ stage, host }: Lab): Promise<Finding[]> {
  const ours = await ask(stage, jsonRequest(ADMINISTRATOR, 'GET', '/v1/host-messages'))
  must(ours?.status === 200, `what we hold is not told: ${ours?.status}`)
  const lines = Array.from(host.simulator.ledger.items(), (item) => ({
    of: item.of,
    merchantId: item.merchantId,
    terminalId: item.terminalId,
    batchNumber: item.batchNumber,
    stan: item.stan,
    state: item.state,
    amount: item.amount,
    currencyCode: item.currencyCode,
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
  const reply = await stage.network.send({ method: 'POST', path, headers, body }, 60_000)
  const text = new TextDecoder().decode(reply?.body)
  must(reply?.status === 200, `the list is not taken: ${reply?.status} ${text}`)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Finding)
}

/** Another void of a sale whose void only the host had is refused, without a word to the host. */
async function checkRefused({ storage, stage, host }: Lab, shop: Shop): Promise<void> {
  const taken = storage.rows<{ rrn: string; terminalId: string; amount: number }>(
    `select sale.rrn, sale.terminal_id as terminalId, sale.amount from void join sale on sale.id = void.sale_id
     where void.message_key like 'host|%' and void.state = 'approved' limit 3`,
  )
  for (const sale of taken) {
    const known = [...host.simulator.ledger.items()].length
    const wanted = shop.want({ ...sale, merchantId: MERCHANT })
    await shop.void(wanted)
    const [row] = storage.rows(
      'select count(*) as n from void where sale_id = ? and state = ?',
      wanted.saleId,
      'approved',
    )
    must(row?.n === 1, `sale ${sale.rrn} is voided ${row?.n} times`)
    must(
      [...host.simulator.ledger.items()].length === known,
      `the host was asked for a second void of ${sale.rrn}`,
    )
    stage.scheduler.note('refused')
  }
}

/** What stands at the host stands here, and the other way round, or a person knows. */
function checkBooks({ storage, host }: Lab): void {
  const rows = storage.rows<{ place: string; state: string; isCase: number }>(
    `select kind || ' ' || terminal_id || ' ' || batch_number || ' ' || host_stan as place, state,
       case_reason is not null and case_closed_at is null as isCase from host_message`,
  )
  const ours = new Map(rows.map((row) => [row.place, row]))
  for (const item of host.simulator.ledger.items()) {
    const held = ours.get(placeOf(item))
    must(held !== undefined, `the host has ${placeOf(item)}, which we do not know`)
    ours.delete(held.place)
    const agrees = (item.state === 'approved') === (held.state === 'approved')
    must(
      agrees || held.isCase === 1,
      `${held.place} is ${held.state}, at the host ${item.state}, and no one knows`,
    )
  }
  for (const { place, state, isCase } of ours.values())
    must(state !== 'approved' || isCase === 1, `${place} is approved, and the host does not know it`)
}
