/** @module Runs this checkout's wrangler: offline, silent about itself, never asking. */

import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export const root: string = join(import.meta.dirname, '../../..')

const wranglerPath = join(root, 'node_modules/wrangler/bin/wrangler.js')

/** Local observability and explorer write every request to SQLite inside the same workerd. */
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
 * `group`: in a group of its own, so that ending it ends its workerd too (Windows has no groups: there it is ended alone).
 * It ends by itself when this process is gone.
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

/** The line of a failed run that says most. */
export function complaintOf({ stdout, stderr }: Finished): string {
  const lines = `${stderr}\n${stdout}`.split('\n').map((line) => line.trim())
  return (
    lines.find((line) => /error/i.test(line)) ?? lines.find((line) => line !== '') ?? 'wrangler said nothing'
  )
}
