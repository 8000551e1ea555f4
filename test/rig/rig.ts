/**
 * @module Plain workerd on the bundle that a deployment would upload, over a D1 of our own that can fail (`d1.ts`): one
 * process, which starts in about a tenth of a second and may be killed at any moment. The same folder again is the same
 * database. Loopback only; Linux and macOS.
 */

import { isolateNames, prepare, prepareNeighbour, RIG_CONFIGURATION } from './configuration.ts'
import { type Control, migrate, openControl } from './control.ts'
import type { Faults } from './d1.ts'
import { startWorkerd } from './workerd.ts'

export interface RigOptions {
  /** Where the configuration, the bundle and the database lie. */
  readonly dir: string
  /** Of the first isolate, the others' follow; any free ones by default. */
  readonly port?: number
  /** Isolates of the service over the one database, each with a port of its own. One by default. */
  readonly isolates?: number
  /** Settings in place of those of wrangler.toml. */
  readonly vars?: Readonly<Record<string, string>>
  readonly faults?: Partial<Faults>
  /** Port on this machine that the service binding ACQUIRER_SERVICE leads to. */
  readonly acquirerPort?: number
  /** Told of each line that workerd prints: the service's log and workerd's own complaints. */
  readonly log?: (line: string) => void
}

export interface Rig {
  /** Of the first isolate. */
  readonly url: URL
  readonly urls: readonly URL[]
  readonly pid: number
  readonly control: Control
  /** Where neighbours find the database. */
  readonly d1: URL
  /** Milliseconds from the start of the process until it listened. */
  readonly startedIn: number
  /** SIGKILL; settles when the process is gone. */
  kill(): Promise<void>
  /** SIGTERM; settles when the process is gone. */
  stop(): Promise<void>
}

/** Starts what lies in `dir`; bundle, configuration and migrated database are made where they are not there. */
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
 * One more isolate in a process of its own, over the database of a rig that runs: who kills it leaves D1 alone, where what
 * it had asked for may still be done.
 */
export async function startNeighbour(options: RigOptions, { d1 }: Rig): Promise<Neighbour> {
  const name = prepareNeighbour(options, d1)
  const { pid, urls, end } = await startWorkerd(options.dir, name, ['annul'], options.log)
  const [url] = urls
  if (url === undefined) throw new Error('a neighbour listens')
  return { url, pid, kill: () => end('SIGKILL') }
}
