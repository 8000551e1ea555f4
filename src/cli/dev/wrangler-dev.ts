/** @module Runs `wrangler dev` as a child process: waits for it, reads its log, and always ends it with its workerd. */

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
  /** The configuration of another Worker than the service, as a path from the checkout. */
  readonly config?: string
  /** Settings that replace those of the configuration. */
  readonly vars?: Readonly<Record<string, string>>
  readonly database: Database
  /** Called with each line of the service's log, and with each error of wrangler. */
  readonly log: (line: string) => void
}

/** The most time that `wrangler dev` may take to respond, and to end. */
const START_MS = 60_000
const STOP_MS = 5_000

export interface Serving {
  stop(): Promise<void>
  readonly ended: Promise<boolean>
  /** Waits for the first HTTP answer. */
  answers(url: URL): Promise<void>
}

/** Starts `wrangler dev`. SIGINT, SIGTERM, SIGHUP and the end of this process end it. */
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
  const errors = pipeLog(child, log)
  let isStopped = false
  let isOver = false
  // The streams close when the last process that holds them ends, so wrangler's workerd has ended too.
  const ended = new Promise<boolean>((resolve) => {
    const end = () => {
      isOver = true
      resolve(isStopped)
    }
    child.on('error', end)
    child.on('close', end)
  })
  const killAtExit = () => kill(child, 'SIGKILL')
  process.on('exit', killAtExit)
  const stop = async (): Promise<void> => {
    if (isOver) return
    isStopped = true
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
    while (!isOver && errors.length === 0 && Date.now() < deadline) {
      const isUp = await fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
        () => true,
        () => false,
      )
      if (isUp) return
      await sleep(100)
    }
    if (isStopped) throw new Failure('stopped')
    throw new Failure(`wrangler dev: ${errors.at(-1) ?? (isOver ? 'ended' : 'does not respond')}`)
  }
  return { stop, ended, answers }
}

/** npm runs a command in a shell. A signal ends the shell only, and this process gets another parent: end then too. */
function watchNpm(onGone: () => void): NodeJS.Timeout | undefined {
  if (process.env.npm_lifecycle_event === undefined) return undefined
  const parent = process.ppid
  const check = () => {
    if (process.ppid !== parent) onGone()
  }
  return setInterval(check, 500).unref()
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {
    // It has ended already.
  }
}

/** Passes on the service's lines, which are JSON, and the errors of wrangler. Returns the errors, as they come. */
function pipeLog(child: ChildProcess, log: (line: string) => void): string[] {
  const errors: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (coloured) => {
      const line = stripVTControlCharacters(coloured)
      const isError = line.includes('[ERROR]')
      if (isError) errors.push(line.trim())
      if (isError || line.startsWith('{"event"')) log(line)
    })
  }
  return errors
}
