/**
 * The restore drill: a day with an acquirer, a copy of the database's files, and more of the day. Then the
 * old files are restored while the acquirer is ahead. `annul reconcile` finds all that is missing, the
 * acquirer receives nothing, and a second run finds nothing new.
 */

import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadCore } from '../../src/cli/lib/core.ts'
import type { LedgerEntry } from '../../src/simulator/app.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import type { VirtualTerminal } from '../../src/terminal/virtual-terminal.ts'
import { runCli } from '../cli/run-cli.ts'
import { discrepancies, type RigAcquirer, startAcquirer } from './acquirer.ts'
import { type Rig, startRig } from './rig.ts'
import { type Seeded, seed, terminalOf } from './seed.ts'

const dir = mkdtempSync(join(tmpdir(), 'annul-restore-'))
const list = join(dir, 'ledger.json')
const data = join(dir, 'data')
const copy = join(dir, 'copy')

let acquirer: RigAcquirer
let rig: Rig
let seeded: Seeded
let terminal: VirtualTerminal
let before: LedgerEntry[]
let after: LedgerEntry[]

const start = () => startRig({ dir, vars: acquirer.vars, acquirerPort: acquirer.port })

async function sellAndVoid(sales: number, voids: number): Promise<void> {
  for (let n = 0; n < sales; n++) {
    const sale = await terminal.sale(1000 + 10 * n, testCard(n))
    if (!sale.ok || sale.value.outcome !== 'approved') throw new Error(`sale ${n}`)
    if (n >= voids) continue
    const voided = await terminal.voidSale(sale.value.sent.fields.get(11) ?? '')
    if (!voided.ok || voided.value.outcome !== 'approved') throw new Error(`void ${n}`)
  }
}

beforeAll(async () => {
  acquirer = await startAcquirer(1, 0)
  rig = await start()
  seeded = await seed(rig, 1)
  terminal = terminalOf(await loadCore(), seeded.terminalIds[0] ?? '', rig.url)
  expect((await terminal.signOn()).outcome).toBe('approved')
  await sellAndVoid(6, 3)
  before = await acquirer.ledger()
  await rig.stop()
  cpSync(data, copy, { recursive: true })

  rig = await start()
  terminal = terminalOf(await loadCore(), seeded.terminalIds[0] ?? '', rig.url)
  terminal.state.nextStan = 100
  expect((await terminal.signOn()).outcome).toBe('approved')
  await sellAndVoid(7, 5)
  after = await acquirer.ledger()
  await rig.stop()

  rmSync(data, { recursive: true })
  cpSync(copy, data, { recursive: true })
  rig = await start()
  writeFileSync(list, after.map((item) => JSON.stringify(item)).join('\n'))
})
afterAll(async () => {
  await rig?.stop()
  await acquirer?.close()
  rmSync(dir, { recursive: true, force: true })
})

interface ReconciliationResult {
  readonly kind?: string
  readonly stan?: string
  readonly difference?: string
  readonly applied?: boolean | null
}

async function reconcile(...more: string[]) {
  const args = ['reconcile', '--acquirer-ledger', list, '--url', rig.url.origin, '--key', seeded.adminKey]
  const { code, stdout, stderr } = await runCli([...args, '--json', ...more])
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line || '{}'))
  return { code, stderr, results: lines.slice(0, -1) as ReconciliationResult[], summary: lines.at(-1) }
}

const names = (items: readonly Pick<ReconciliationResult, 'kind' | 'stan'>[]) =>
  items.map(({ kind, stan }) => `${kind} ${stan}`).sort()

test('finds all missing messages, and a dry run changes nothing', async () => {
  const missing = after.slice(before.length)
  expect(missing).toHaveLength(12)
  const { code, results, summary } = await reconcile()
  expect([code, names(results)]).toEqual([1, names(missing)])
  expect(results.every(({ difference, applied }) => difference === 'only_acquirer' && applied === null)).toBe(
    true,
  )
  expect(summary).toEqual({ theirs: 21, ours: 9, agree: 9, only_acquirer: 12 })
  expect(await acquirer.ledger()).toEqual(after)
})

test('stores them, sends nothing to the acquirer, and finds nothing new in a second run', async () => {
  const first = await reconcile('--apply')
  expect([first.code, first.results.length]).toEqual([0, 12])
  expect(first.results.every(({ applied }) => applied === true)).toBe(true)
  const second = await reconcile('--apply')
  expect([second.code, second.results, second.summary]).toEqual([0, [], { theirs: 21, ours: 21, agree: 21 }])
  expect(await acquirer.ledger()).toEqual(after)
  expect(discrepancies(after, await rig.control.query('select * from acquirer_record'))).toEqual([])
  const [voids] = await rig.control.query("select count(*) as n from void where state = 'approved'")
  // A lost sale leaves nothing to void. A person has its case.
  expect(voids?.n).toBe(3)
})
