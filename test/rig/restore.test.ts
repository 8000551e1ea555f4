/**
 * The restore drill: a day with a host, a copy of the database's files, more of the day, the old files brought back while the host is
 * ahead; `annul reconcile` finds all that is missing, the host is sent nothing, and a second run finds nothing new.
 */

import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadCore } from '../../src/cli/core.ts'
import type { LedgerEntry } from '../../src/simulator/app.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import type { VirtualTerminal } from '../../src/terminal/virtual-terminal.ts'
import { runCli } from '../cli/run-cli.ts'
import { differences, type RigHost, startHost } from './host.ts'
import { type Rig, startRig } from './rig.ts'
import { type Seeded, seed, terminalOf } from './seed.ts'

const dir = mkdtempSync(join(tmpdir(), 'annul-restore-'))
const list = join(dir, 'ledger.json')
const data = join(dir, 'data')
const copy = join(dir, 'copy')

let host: RigHost
let rig: Rig
let seeded: Seeded
let till: VirtualTerminal
let before: LedgerEntry[]
let after: LedgerEntry[]

const start = () => startRig({ dir, vars: host.vars, hostPort: host.port })

async function sellAndVoid(sales: number, voids: number): Promise<void> {
  for (let n = 0; n < sales; n++) {
    const sold = await till.sale(1000 + 10 * n, testCard(n))
    if (!sold.ok || sold.value.outcome !== 'approved') throw new Error(`sale ${n}`)
    if (n >= voids) continue
    const voided = await till.voidSale(sold.value.sent.fields.get(11) ?? '')
    if (!voided.ok || voided.value.outcome !== 'approved') throw new Error(`void ${n}`)
  }
}

beforeAll(async () => {
  host = await startHost(1, 0)
  rig = await start()
  seeded = await seed(rig, 1)
  till = terminalOf(await loadCore(), seeded.terminalIds[0] ?? '', rig.url)
  expect((await till.signOn()).outcome).toBe('approved')
  await sellAndVoid(6, 3)
  before = await host.ledger()
  await rig.stop()
  cpSync(data, copy, { recursive: true })

  rig = await start()
  till = terminalOf(await loadCore(), seeded.terminalIds[0] ?? '', rig.url)
  till.state.nextStan = 100
  expect((await till.signOn()).outcome).toBe('approved')
  await sellAndVoid(7, 5)
  after = await host.ledger()
  await rig.stop()

  rmSync(data, { recursive: true })
  cpSync(copy, data, { recursive: true })
  rig = await start()
  writeFileSync(list, after.map((item) => JSON.stringify(item)).join('\n'))
})
afterAll(async () => {
  await rig?.stop()
  await host?.close()
  rmSync(dir, { recursive: true, force: true })
})

interface Finding {
  readonly of?: string
  readonly stan?: string
  readonly difference?: string
  readonly applied?: boolean | null
}

async function reconcile(...more: string[]) {
  const args = ['reconcile', '--host-ledger', list, '--url', rig.url.origin, '--key', seeded.adminKey]
  const { code, stdout, stderr } = await runCli([...args, '--ndjson', ...more])
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line || '{}'))
  return { code, stderr, findings: lines.slice(0, -1) as Finding[], summary: lines.at(-1) }
}

const names = (items: readonly Pick<Finding, 'of' | 'stan'>[]) =>
  items.map(({ of, stan }) => `${of} ${stan}`).sort()

test('all that is missing is found, and looking changes nothing', async () => {
  const missing = after.slice(before.length)
  expect(missing).toHaveLength(12)
  const { code, findings, summary } = await reconcile()
  expect([code, names(findings)]).toEqual([1, names(missing)])
  expect(findings.every(({ difference, applied }) => difference === 'only_host' && applied === null)).toBe(
    true,
  )
  expect(summary).toEqual({ theirs: 21, ours: 9, agree: 9, only_host: 12 })
  expect(await host.ledger()).toEqual(after)
})

test('it is written down, nothing is sent to the host, and a second run finds nothing new', async () => {
  const first = await reconcile('--apply')
  expect([first.code, first.findings.length]).toEqual([0, 12])
  expect(first.findings.every(({ applied }) => applied === true)).toBe(true)
  const second = await reconcile('--apply')
  expect([second.code, second.findings, second.summary]).toEqual([0, [], { theirs: 21, ours: 21, agree: 21 }])
  expect(await host.ledger()).toEqual(after)
  expect(differences(after, await rig.control.query('select * from host_message'))).toEqual([])
  const [voids] = await rig.control.query("select count(*) as n from void where state = 'approved'")
  // Of sales that were lost with their voids there is nothing to void; a person has their cases.
  expect(voids?.n).toBe(3)
})
