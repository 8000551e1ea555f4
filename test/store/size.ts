/**
 * @module Measures what a sale, a void and a refused void add to the database. A virtual terminal sends them to the real
 * service, with the acquirer inside it and with one behind it.
 */

import { loadCore } from '../../src/cli/lib/core.ts'
import { createSimulator } from '../../src/simulator/app.ts'
import { voidRequest } from '../../src/terminal/messages.ts'
import { takeStan } from '../../src/terminal/state.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { EXAMPLE_TMK } from '../integrate/mac-examples.ts'
import { RecordedTerminal, Recorder } from '../integrate/recorder.ts'
import { openService, type Service, START } from '../integrate/service.ts'

/** Messages of each kind. */
const COUNT = 600

/** Milliseconds that the acquirer takes: an outcome has another time than its claim. */
const ANSWER_MS = 1_250

const MAC_KEY = '0123456789ABCDEF'

/** Bytes by table, with its indexes, in whole pages. */
type Sizes = ReadonlyMap<string, number>

export interface Measured {
  /** Bytes that one message adds, by table. */
  readonly sale: Sizes
  readonly void: Sizes
  readonly refusal: Sizes
}

export const sumOf = (sizes: Sizes): number => [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0)

function sizesOf({ storage }: Service): Sizes {
  const rows = storage.rows<{ name: string; bytes: number }>(
    `select coalesce(tbl_name, name) as name, sum(pgsize) as bytes
     from dbstat left join sqlite_schema using (name) group by 1`,
  )
  const sizes = new Map(rows.map(({ name, bytes }) => [name, bytes]))
  if (sumOf(sizes) !== storage.size()) throw new Error('a page belongs to no table')
  return sizes
}

/** The bytes that each of `COUNT` messages added. */
function growth(before: Sizes, after: Sizes): Sizes {
  const added = [...after].map(([name, bytes]): [string, number] => [
    name,
    (bytes - (before.get(name) ?? 0)) / COUNT,
  ])
  return new Map(added.filter(([, bytes]) => bytes > 0))
}

/** `isForwarded`: the acquirer is another system, so each message has a claim and an outcome. */
export async function measure(isForwarded: boolean): Promise<Measured> {
  const core = await loadCore()
  const clock = { now: START }
  const simulator = createSimulator({
    core,
    macProfile: 'cup-ecb',
    macKey: Uint8Array.from(Buffer.from(MAC_KEY, 'hex')),
    now: () => clock.now,
    sleep: async () => {},
  })
  const service: Service = await openService(
    isForwarded
      ? {
          ACQUIRER: 'https',
          ACQUIRER_MAC_KEY: MAC_KEY,
          ACQUIRER_SERVICE: {
            fetch(url, init) {
              service.clock.now += ANSWER_MS
              return simulator(new Request(url, init))
            },
          },
        }
      : {},
  )
  const recorder = new Recorder(service, core, { isNamed: false })
  const pos = new RecordedTerminal(recorder, {
    terminalId: '12345678',
    tmk: EXAMPLE_TMK,
    macProfile: 'cup-ecb',
  })
  await pos.provision()
  await pos.terminal.signOn()
  const card = testCard(1)
  const start = sizesOf(service)
  const stans: string[] = []
  for (let i = 0; i < COUNT; i++) {
    const sold = await pos.terminal.sale(100 * (i + 1), card)
    if (!sold.ok || sold.value.outcome !== 'approved') throw new Error(`sale ${i} is not approved`)
    stans.push(sold.value.sent.fields.get(11) ?? '')
  }
  const afterSales = sizesOf(service)
  for (const stan of stans) {
    const voided = await pos.terminal.voidSale(stan)
    if (!voided.ok || voided.value.outcome !== 'approved') throw new Error(`void of ${stan} is not approved`)
  }
  const afterVoids = sizesOf(service)
  const [sale] = pos.state.log
  if (sale === undefined) throw new Error('the terminal has sold')
  for (let i = 0; i < COUNT; i++) {
    const again = { ...sale, kind: 'void', stan: takeStan(pos.state) } as const
    await pos.send(voidRequest(pos.state, again, sale), { mac: 'right' })
  }
  const afterRefusals = sizesOf(service)
  const [entries] = service.storage.rows<{ written: number }>(
    'select sum(written) as written from refusal_count',
  )
  if (entries?.written !== COUNT) throw new Error(`${entries?.written} refusals are written`)
  service.close()
  return {
    sale: growth(start, afterSales),
    void: growth(afterSales, afterVoids),
    refusal: growth(afterVoids, afterRefusals),
  }
}
