/** The script preloaded into wrangler: wrangler ends with its parent, and with its workerd. */

import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'annul-preload-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const preload = pathToFileURL(join(import.meta.dirname, '../../src/cli/dev/end-with-parent.ts')).href

/** Node under another name, which waits for a minute. */
function programNamed(name: string): string {
  const isWindows = process.platform === 'win32'
  const path = join(folder, isWindows ? `${name}.exe` : name)
  if (!existsSync(path)) (isWindows ? copyFileSync : symlinkSync)(process.execPath, path)
  return path
}

/** A process in wrangler's place that starts `program` and prints its process id. */
async function startParentOf(program: string): Promise<{ parent: ChildProcess; pid: number }> {
  const wait = JSON.stringify('setTimeout(() => {}, 60_000)')
  const script = `const { spawn } = require('node:child_process')
    const child = spawn(${JSON.stringify(program)}, ['-e', ${wait}])
    child.on('spawn', () => console.log(child.pid))
    process.on('SIGUSR2', () => child.kill('SIGKILL'))
    setInterval(() => {}, 1000)`
  const parent = spawn(process.execPath, ['--import', preload, '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const pid = await new Promise<number>((resolve) =>
    parent.stdout?.once('data', (line) => resolve(Number(line))),
  )
  return { parent, pid }
}

const endOf = (parent: ChildProcess): Promise<string> =>
  Promise.race([
    new Promise<string>((resolve) => parent.on('exit', () => resolve('ended'))),
    sleep(1500, 'stays', { ref: false }),
  ])

test('ends when its workerd is killed', async () => {
  const { parent, pid } = await startParentOf(programNamed('workerd'))
  process.kill(pid, 'SIGKILL')
  expect(await endOf(parent)).toBe('ended')
})

test('stays when another of its processes dies', async () => {
  const { parent, pid } = await startParentOf(programNamed('esbuild'))
  process.kill(pid, 'SIGKILL')
  expect(await endOf(parent)).toBe('stays')
  parent.kill('SIGKILL')
})

test.runIf(process.platform !== 'win32')('stays when it ends workerd itself', async () => {
  const { parent } = await startParentOf(programNamed('workerd'))
  parent.kill('SIGUSR2')
  expect(await endOf(parent)).toBe('stays')
  parent.kill('SIGKILL')
})

test('ends when its parent closes its stdin', async () => {
  const { parent, pid } = await startParentOf(programNamed('workerd'))
  parent.stdin?.end()
  expect(await endOf(parent)).toBe('ended')
  process.kill(pid, 'SIGKILL')
})
