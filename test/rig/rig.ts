/**
 * @module Plain workerd on the bundle that a deployment would upload, over a D1 of our own that can fail (`d1.ts`): one
 * process, which starts in about a tenth of a second and may be killed at any moment. The same folder again is the same
 * database. Loopback only; Linux and macOS.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { isolateNames, prepare } from './configuration.ts'
import { type Control, migrate, openControl } from './control.ts'
import type { Faults } from './d1.ts'

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
  /** Port on this machine that the service binding ACQUIRER_HOST leads to. */
  readonly hostPort?: number
  /** Told of each line that workerd prints: the service's log and workerd's own complaints. */
  readonly log?: (line: string) => void
}

export interface Rig {
  /** Of the first isolate. */
  readonly url: URL
  readonly urls: readonly URL[]
  readonly pid: number
  readonly control: Control
  /** Milliseconds from the start of the process until it listened. */
  readonly startedIn: number
  /** SIGKILL; settles when the process is gone. */
  kill(): Promise<void>
  /** SIGTERM; settles when the process is gone. */
  stop(): Promise<void>
}

const workerd = createRequire(import.meta.url)('workerd').default as string

/** Starts what lies in `dir`; bundle, configuration and migrated database are made where they are not there. */
export async function startRig(options: RigOptions): Promise<Rig> {
  await prepare(options)
  const since = performance.now()
  const child = spawn(workerd, ['serve', 'config.capnp', '--experimental', '--control-fd=3'], {
    cwd: options.dir,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const gone = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await gone
  }
  const killAtExit = () => child.kill('SIGKILL')
  process.on('exit', killAtExit)
  void gone.then(() => process.off('exit', killAtExit))
  const said = listenTo(child, options.log)
  const names = ['control', ...isolateNames(options.isolates ?? 1)]
  const ports = await Promise.race([portsOf(child, names), gone.then(() => undefined)])
  if (ports === undefined) throw new Error(`workerd: ${said.join('\n')}`)
  const startedIn = performance.now() - since
  const [control, ...urls] = ports.map((port) => new URL(`http://127.0.0.1:${port}`))
  const [url] = urls
  if (control === undefined || url === undefined) throw new RangeError('isolates: expected one or more')
  const opened = openControl(control)
  try {
    await migrate(opened)
  } catch (error) {
    await end('SIGKILL')
    throw error
  }
  const kill = () => end('SIGKILL')
  const stop = () => end('SIGTERM')
  return { url, urls, pid: child.pid ?? 0, control: opened, startedIn, kill, stop }
}

/** Ports of the sockets in the order of their names, once workerd has told them all. */
function portsOf(child: ChildProcess, names: readonly string[]): Promise<number[]> {
  const ports = new Map<string, number>()
  return new Promise((resolve) => {
    createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => {
      const { event, socket, port } = JSON.parse(line) as { event: string; socket: string; port: number }
      if (event === 'listen') ports.set(socket, port)
      const told = names.flatMap((name) => ports.get(name) ?? [])
      if (told.length === names.length) resolve(told)
    })
  })
}

/** Passes each line on; returns the last of them as they come. */
function listenTo(child: ChildProcess, log: (line: string) => void = () => undefined): string[] {
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => {
      said.push(line)
      if (said.length > 20) said.shift()
      log(line)
    })
  }
  return said
}
