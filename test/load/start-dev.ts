/** @module The target `dev`: what `npm start` starts, `wrangler dev` over a new local database. */

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createKey } from '../../src/cli/api-key.ts'
import { startAcquirer } from '../../src/cli/dev/acquirer.ts'
import { freePort } from '../../src/cli/dev/port.ts'
import { SEED, startDev } from '../../src/cli/dev/server.ts'
import { serve } from '../../src/cli/dev/wrangler-dev.ts'
import { verifyJournal } from '../../src/cli/journal.ts'
import { databaseOf, query } from '../../src/cli/lib/database.ts'
import type { LedgerEntry } from '../../src/simulator/app.ts'
import { discrepancies } from '../rig/acquirer.ts'
import type { Row } from '../rig/control.ts'
import { countAlerts } from './count-alerts.ts'
import type { LoadOptions } from './options.ts'
import { versionOf } from './start-workerd.ts'
import type { Target } from './target.ts'
import { temporaryFolder } from './temporary-folder.ts'

const IP = '127.0.0.1'
const ADMIN_KEYS = 5
const MERCHANT_KEYS = 20

type Options = Pick<LoadOptions, 'acquirer' | 'floors'>

export async function startOnDev(
  { acquirer: kind, floors }: Options,
  progress: (line: string) => void,
): Promise<Target> {
  const persistTo = temporaryFolder()
  const database = databaseOf({ persistTo })
  const alerts = countAlerts()
  const log = (line: string) => {
    alerts.note(line)
    if (line.includes('[ERROR]')) progress(line)
  }
  const acquirer = kind === 'https' ? await startAcquirer(await freePort(), log) : null
  const vars = { ...acquirer?.settings, SERVER_TIMING: 'yes' }
  const dev = await startDev({ port: await freePort(), ip: IP, database, vars, progress, log })
  const floor = floors > 0 ? await startFloor(join(persistTo, 'floor'), log) : null
  const { adminKey, merchantKey } = dev.credentials
  const newKey = async (merchantId?: string): Promise<string> => {
    const { status, body } = await createKey({ url: dev.url, key: adminKey }, { name: 'load', merchantId })
    if (status !== 201) throw new Error(`a bearer key: HTTP ${status}`)
    return String(body.key)
  }
  const adminKeys = [adminKey]
  const merchantKeys = [merchantKey]
  while (adminKeys.length < ADMIN_KEYS) adminKeys.push(await newKey())
  while (merchantKeys.length < MERCHANT_KEYS) merchantKeys.push(await newKey(SEED.merchantId))
  const rows = async (sql: string): Promise<Row[]> => ((await query(database, sql))[0] ?? []) as Row[]
  return {
    name: `wrangler dev ${versionOf('wrangler')}`,
    url: dev.url,
    merchantId: SEED.merchantId,
    adminKeys,
    merchantKeys,
    floors: floor?.url ?? null,
    graceMs: 0,
    counts: null,
    rows,
    hasQuickRows: false,
    pids: [],
    slowDown: null,
    compareAcquirer:
      acquirer === null
        ? null
        : async () => {
            const response = await fetch(new URL('/ledger', acquirer.url))
            const { items } = (await response.json()) as { items: LedgerEntry[] }
            return discrepancies(items, await rows('select * from acquirer_record'))
          },
    alerts: alerts.counted,
    audit: () => audit(persistTo),
    async stop() {
      await Promise.all([dev.stop(), floor?.stop(), acquirer?.stop()])
      rmSync(persistTo, { recursive: true, force: true })
    },
  }
}

async function startFloor(persistTo: string, log: (line: string) => void) {
  const port = await freePort()
  const url = new URL(`http://${IP}:${port}`)
  const database = { remote: false, persistTo }
  const { answers, stop } = serve({ port, ip: IP, config: 'test/load/floor.toml', database, log })
  await answers(url)
  return { url, stop }
}

/** `annul journal verify` over the local database. Returns what is not sound. */
async function audit(persistTo: string): Promise<string[]> {
  const faults: string[] = []
  const stdout = (line: string) => {
    const one = JSON.parse(line) as { sound: boolean }
    if (!one.sound) faults.push(line)
  }
  async function* nothing() {}
  const io = { stdin: nothing(), stdout, stderr: () => undefined, env: process.env }
  const options = {
    persistTo,
    remote: false,
    env: undefined,
    database: undefined,
    archive: undefined,
    tid: undefined,
  }
  const code = await verifyJournal({ ...options, json: true }, io)
  return code === 0 || faults.length > 0 ? faults : [`annul journal verify: exit code ${code}`]
}
