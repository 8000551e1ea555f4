/** @module `wrangler dev` as a child that is waited for, listened to and ended, with its workerd, whatever happens. */

import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import type { Database } from '../lib/database.ts'
import { Failure } from '../lib/failure.ts'
import { spawnWrangler } from './wrangler.ts'

export interface ServeOptions {
  readonly port: number
  readonly ip: string
  /** Of another Worker than the service itself: its configuration, from the checkout. */
  readonly config?: string
  /** Settings in place of those of the configuration. */
  readonly vars?: Readonly<Record<string, string>>
  readonly database: Database
  /** Told of each line of the service's log, and of what wrangler complains about. */
  readonly log: (line: string) => void
}

/** How long `wrangler dev` may take to answer, and to end. */
const START_MS = 60_000
const STOP_MS = 5_000

export interface Serving {
  stop(): Promise<void>
  readonly ended: Promise<boolean>
  /** Waits for the first HTTP answer. */
  answers(url: URL): Promise<void>
}

/** Starts `wrangler dev`; SIGINT, SIGTERM and SIGHUP end it, and so does the end of this process. */
export function serve({ port, ip, config, vars = {}, database: { persistTo }, log }: ServeOptions): Serving {
  const child = spawnWrangler(
    [
      'dev',
      ...['--port', String(port), '--ip', ip, '--inspector-port', '0'],
      '--show-interactive-dev-session=false',
      ...(config === undefined ? [] : ['--config', config]),
      ...Object.entries(vars).flatMap(([name, value]) => ['--var', `${name}:${value}`]),
      ...(persistTo === undefined ? [] : ['--persist-to', persistTo]),
    ],
    { group: true },
  )
  const complaints = pipeLog(child, log)
  let told = false
  let over = false
  // The streams close when the last process that holds them has ended: wrangler's workerd too.
  const ended = new Promise<boolean>((resolve) => {
    const end = () => {
      over = true
      resolve(told)
    }
    child.on('error', end)
    child.on('close', end)
  })
  const killAtExit = () => kill(child, 'SIGKILL')
  process.on('exit', killAtExit)
  const stop = async (): Promise<void> => {
    if (over) return
    told = true
    kill(child, 'SIGTERM')
    const timeOut = sleep(STOP_MS, 'late' as const, { ref: false })
    if ((await Promise.race([ended, timeOut])) === 'late') {
      kill(child, 'SIGKILL')
      await ended
    }
  }
  const onSignal = () => void stop()
  for (const signal of SIGNALS) process.on(signal, onSignal)
  const watch = watchNpm(onSignal)
  void ended.then(() => {
    clearInterval(watch)
    process.off('exit', killAtExit)
    for (const signal of SIGNALS) process.off(signal, onSignal)
  })
  const answers = async (url: URL): Promise<void> => {
    const deadline = Date.now() + START_MS
    while (!over && complaints.length === 0 && Date.now() < deadline) {
      const answered = await fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
        () => true,
        () => false,
      )
      if (answered) return
      await sleep(100)
    }
    if (told) throw new Failure('stopped')
    throw new Failure(`wrangler dev: ${complaints.at(-1) ?? (over ? 'ended' : 'does not answer')}`)
  }
  return { stop, ended, answers }
}

/** npm runs commands in a shell, which dies of a signal without passing it on: then this process has another parent. */
function watchNpm(onGone: () => void): NodeJS.Timeout | undefined {
  if (process.env.npm_lifecycle_event === undefined) return undefined
  const parent = process.ppid
  const look = () => {
    if (process.ppid !== parent) onGone()
  }
  return setInterval(look, 500).unref()
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {
    // Ended already.
  }
}

/** The service's own lines are JSON; of wrangler's only complaints are passed on. Returns the complaints as they come. */
function pipeLog(child: ChildProcess, log: (line: string) => void): string[] {
  const complaints: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (coloured) => {
      const line = stripVTControlCharacters(coloured)
      const isComplaint = line.includes('[ERROR]')
      if (isComplaint) complaints.push(line.trim())
      if (isComplaint || line.startsWith('{"event"')) log(line)
    })
  }
  return complaints
}
