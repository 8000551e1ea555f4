/** @module The target `workerd`: the bundle of a deployment on plain workerd, over the D1 of the rig. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire, stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { SEED } from '../../src/cli/dev/server.ts'
import { discrepancies, startAcquirer } from '../rig/acquirer.ts'
import { insertApiKey, newApiKey } from '../rig/api-key.ts'
import { audit } from '../rig/audit.ts'
import { configurationOf, DATA, d1Of, socketOf, writeD1 } from '../rig/configuration.ts'
import { type Control, openControl } from '../rig/control.ts'
import { startRig } from '../rig/rig.ts'
import { startWorkerd } from '../rig/workerd.ts'
import { countAlerts } from './count-alerts.ts'
import type { LoadOptions } from './options.ts'
import type { Target } from './target.ts'
import { temporaryFolder } from './temporary-folder.ts'

const ADMIN_KEYS = 10
const MERCHANT_KEYS = 100

type Options = Pick<LoadOptions, 'acquirer' | 'seed' | 'floors' | 'dir'>

export async function startOnWorkerd({
  acquirer: kind,
  seed,
  floors,
  dir: folder,
}: Options): Promise<Target> {
  const dir = temporaryFolder(folder ?? undefined)
  const alerts = countAlerts()
  const acquirer = kind === 'https' ? await startAcquirer(seed, 0) : null
  const rig = await startRig({
    dir,
    vars: { ...acquirer?.vars, SERVER_TIMING: 'yes' },
    ...(acquirer === null ? {} : { acquirerPort: acquirer.port }),
    log: alerts.note,
  })
  const { control } = rig
  const adminKeys = Array.from({ length: ADMIN_KEYS }, newApiKey)
  const merchantKeys = Array.from({ length: MERCHANT_KEYS }, newApiKey)
  for (const key of adminKeys) await control.query(insertApiKey(key, null, 'load'))
  for (const key of merchantKeys) await control.query(insertApiKey(key, SEED.merchantId, 'load'))
  const floor = floors > 0 ? await startFloor(join(dir, 'floor')) : null
  let isRunning = true
  const stopService = async () => {
    if (isRunning) await rig.stop()
    isRunning = false
  }
  return {
    name: `workerd ${versionOf('workerd')}`,
    url: rig.url,
    merchantId: SEED.merchantId,
    adminKeys,
    merchantKeys,
    floors: floor?.url ?? null,
    graceMs: 0,
    counts: () => control.counts(),
    rows: (sql) => control.query(sql),
    hasQuickRows: true,
    pids: [rig.pid, ...(floor === null ? [] : [floor.pid])],
    async slowDown(latencyMs) {
      for (const one of [control, floor?.control]) await one?.faults({ latencyMs })
    },
    compareAcquirer:
      acquirer === null
        ? null
        : async () =>
            discrepancies(await acquirer.ledger(), await control.query('select * from acquirer_record')),
    alerts: alerts.counted,
    async audit() {
      await stopService()
      return (await audit(dir)).faults
    },
    async stop() {
      await Promise.all([stopService(), floor?.stop(), acquirer?.close()])
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

interface Floor {
  readonly url: URL
  readonly pid: number
  readonly control: Control
  stop(): Promise<void>
}

const FLOOR = 'floor.capnp'

/** The Worker of the floors in a process of its own, over a database of its own. */
async function startFloor(dir: string): Promise<Floor> {
  mkdirSync(join(dir, 'data'), { recursive: true })
  writeD1(dir)
  const source = readFileSync(join(import.meta.dirname, 'floor-worker.ts'), 'utf8')
  writeFileSync(join(dir, 'floor.js'), stripTypeScriptTypes(source))
  const worker = `(name = "floor", worker = (compatibilityDate = "2026-10-01",
      modules = [(name = "floor.js", esModule = embed "floor.js")],
      bindings = [(name = "DB", wrapped = (moduleName = "cloudflare-internal:d1-api",
        innerBindings = [(name = "fetcher", service = "d1")]))]))`
  const sockets = [
    socketOf('control', 0, '(name = "d1", entrypoint = "Control")'),
    socketOf('floor', 0, '"floor"'),
  ]
  writeFileSync(join(dir, FLOOR), configurationOf([worker, d1Of(['floor'], {}), DATA], sockets))
  const { urls, pid, end } = await startWorkerd(dir, FLOOR, ['control', 'floor'])
  const [controlUrl, url] = urls
  if (controlUrl === undefined || url === undefined) throw new Error('no floor listens')
  return { url, pid, control: openControl(controlUrl), stop: () => end('SIGTERM') }
}

export const versionOf = (name: string): string =>
  (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version
