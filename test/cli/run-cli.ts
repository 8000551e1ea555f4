/** @module Runs `annul` as a process, with its exit code and its two streams. */

import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'

const entry = join(import.meta.dirname, '../../src/cli/index.ts')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Without a developer's exported variables. */
const environment = () => {
  const { ANNUL_ADMIN_KEY: _key, ANNUL_BOOTSTRAP_KEY: _bootstrap, ...others } = process.env
  const { ANNUL_TMK: _tmk, ANNUL_URL: _url, ...rest } = others
  return { ...rest, NO_COLOR: '1' }
}

export interface Running {
  readonly ended: Promise<Ended>
  readonly pid: number
  kill(signal: NodeJS.Signals): void
  /** Resolves when stdout has the text, and rejects when the process ends first. */
  says(text: string): Promise<void>
}

export function startCli(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Running {
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: options.cwd,
    env: { ...environment(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  const waiting: (() => void)[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    for (const look of waiting) look()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
  return {
    ended,
    pid: child.pid ?? 0,
    kill: (signal) => child.kill(signal),
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (stdout.includes(text)) resolve()
        }
        waiting.push(look)
        look()
        void ended.then(() => reject(new Error(`ended without ${text}: ${stdout}${stderr}`)))
      }),
  }
}

export const runCli = (
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Ended> => startCli(args, options).ended

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
