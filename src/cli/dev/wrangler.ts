/** @module Runs the wrangler of this checkout: offline, without banner, metrics and questions. */

import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export const root: string = join(import.meta.dirname, '../../..')

const wranglerPath = join(root, 'node_modules/wrangler/bin/wrangler.js')

/** Local observability and the explorer would write every request to SQLite inside the same workerd. */
const ENVIRONMENT = {
  CI: '1',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_WRITE_LOGS: 'false',
  NO_COLOR: '1',
  FORCE_COLOR: '0',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  X_LOCAL_OBSERVABILITY: 'false',
  X_LOCAL_EXPLORER: 'false',
}

const preload = pathToFileURL(join(import.meta.dirname, 'end-with-parent.ts')).href

/**
 * With `group` it gets a process group of its own, so that a signal to the group ends its workerd too. Windows has no groups:
 * there wrangler is ended alone. It ends by itself when this process ends.
 */
export function spawnWrangler(args: readonly string[], options: { readonly group: boolean }): ChildProcess {
  return spawn(process.execPath, ['--import', preload, wranglerPath, ...args], {
    cwd: root,
    env: { ...process.env, ...ENVIRONMENT },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: options.group && process.platform !== 'win32',
  })
}

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a wrangler command to its end. */
export async function runWrangler(args: readonly string[]): Promise<Finished> {
  const child = spawnWrangler(args, { group: false })
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** The most useful line of a failed run: the first with an error, else the first line. */
export function complaintOf({ stdout, stderr }: Finished): string {
  const lines = `${stderr}\n${stdout}`.split('\n').map((line) => line.trim())
  return (
    lines.find((line) => /error/i.test(line)) ??
    lines.find((line) => line !== '') ??
    'wrangler printed nothing'
  )
}
