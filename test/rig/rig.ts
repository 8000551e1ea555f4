/**
 * @module Plain workerd on the bundle that a deployment would upload, over our own D1 with faults (`d1.ts`).
 * It is one process, which starts in about a tenth of a second and may be killed at any moment. The same
 * folder again is the same database. Loopback only; Linux and macOS.
 */

import { isolateNames, prepare, prepareNeighbour, RIG_CONFIGURATION } from './configuration.ts'
import { type Control, migrate, openControl } from './control.ts'
import type { Faults } from './d1.ts'
import { startWorkerd } from './workerd.ts'

export interface RigOptions {
  /** The folder of the configuration, the bundle and the database. */
  readonly dir: string
  /** The port of the first isolate; the others follow. By default any free ones. */
  readonly port?: number
  /** Isolates of the service over the one database, each with its own port. One by default. */
  readonly isolates?: number
  /** Settings that replace those of wrangler.toml. */
  readonly vars?: Readonly<Record<string, string>>
  readonly faults?: Partial<Faults>
  /** Port on this machine for the service binding ACQUIRER_SERVICE. */
  readonly acquirerPort?: number
  /** Gets each line that workerd prints: the service's log and workerd's own errors. */
  readonly log?: (line: string) => void
}

export interface Rig {
  /** The address of the first isolate. */
  readonly url: URL
  readonly urls: readonly URL[]
  readonly pid: number
  readonly control: Control
  /** The address of the database for neighbours. */
  readonly d1: URL
  /** Milliseconds from the start of the process until it listened. */
  readonly startedIn: number
  /** SIGKILL. Returns when the process is gone. */
  kill(): Promise<void>
  /** SIGTERM. Returns when the process is gone. */
  stop(): Promise<void>
}

/**
 * Starts the files in `dir`. Makes the bundle, the configuration and the migrated database if they are
 * missing.
 */
export async function startRig(options: RigOptions): Promise<Rig> {
  await prepare(options)
  const { dir, isolates = 1, log } = options
  const sockets = ['control', 'd1', ...isolateNames(isolates)]
  const { pid, urls, startedIn, end } = await startWorkerd(dir, RIG_CONFIGURATION, sockets, log)
  const [controlUrl, d1, url, ...others] = urls
  if (controlUrl === undefined || d1 === undefined || url === undefined)
    throw new RangeError('isolates: expected one or more')
  const control = openControl(controlUrl)
  try {
    await migrate(control)
  } catch (error) {
    await end('SIGKILL')
    throw error
  }
  const kill = () => end('SIGKILL')
  const stop = () => end('SIGTERM')
  return { url, urls: [url, ...others], pid, control, d1, startedIn, kill, stop }
}

export type Neighbour = Pick<Rig, 'url' | 'pid' | 'kill'>

/**
 * One more isolate in its own process, over the database of a running rig. Killing it leaves D1 running,
 * which may still execute its calls.
 */
export async function startNeighbour(options: RigOptions, { d1 }: Rig): Promise<Neighbour> {
  const name = prepareNeighbour(options, d1)
  const { pid, urls, end } = await startWorkerd(options.dir, name, ['annul'], options.log)
  const [url] = urls
  if (url === undefined) throw new Error('no neighbour listens')
  return { url, pid, kill: () => end('SIGKILL') }
}
