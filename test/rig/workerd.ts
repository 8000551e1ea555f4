/** @module `workerd serve` as a child process: its ports, its last lines, and its end. */

import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

const workerd = createRequire(import.meta.url)('workerd').default as string

export interface Workerd {
  readonly pid: number
  /** The addresses of its sockets, in the order of their names. */
  readonly urls: readonly URL[]
  /** Milliseconds from the start of the process until it listened. */
  readonly startedIn: number
  /** Returns when the process is gone. */
  end(signal: NodeJS.Signals): Promise<void>
}

/** Starts a configuration in `dir`. Returns when every named socket listens. */
export async function startWorkerd(
  dir: string,
  configuration: string,
  sockets: readonly string[],
  log: (line: string) => void = () => undefined,
): Promise<Workerd> {
  const since = performance.now()
  const child = spawn(workerd, ['serve', configuration, '--experimental', '--control-fd=3'], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const exited = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const killAtExit = () => child.kill('SIGKILL')
  process.on('exit', killAtExit)
  void exited.then(() => process.off('exit', killAtExit))
  const lines = readLines(child, log)
  const urls = await Promise.race([urlsOf(child, sockets), exited.then(() => undefined)])
  if (urls === undefined) throw new Error(`workerd: ${lines.join('\n')}`)
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await exited
  }
  return { pid: child.pid ?? 0, urls, startedIn: performance.now() - since, end }
}

/** When workerd has reported them all. */
function urlsOf(child: ChildProcess, sockets: readonly string[]): Promise<URL[]> {
  const ports = new Map<string, number>()
  return new Promise((resolve) => {
    createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => {
      const { event, socket, port } = JSON.parse(line) as { event: string; socket: string; port: number }
      if (event === 'listen') ports.set(socket, port)
      const running = sockets.flatMap((name) => ports.get(name) ?? [])
      if (running.length === sockets.length)
        resolve(running.map((port) => new URL(`http://127.0.0.1:${port}`)))
    })
  })
}

/** Passes each line on, and returns the last of them as they arrive. */
function readLines(child: ChildProcess, log: (line: string) => void): string[] {
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      if (lines.length > 20) lines.shift()
      log(line)
    })
  }
  return lines
}
