/**
 * @module The common part of the rig's commands: a number, a printed seed, and files that stay after a
 * failure.
 */

import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

export interface CommandOptions {
  readonly dir: string
  readonly seed: number
  readonly count: number
  readonly progress: (line: string) => void
}

/** Runs `npm run test:NAME -- --COUNT n --seed n`. The exit code is 1 after a failure. */
export async function commandLine(
  name: string,
  countOption: string,
  defaultCount: number,
  run: (options: CommandOptions) => Promise<{ readonly lines: readonly string[]; readonly failed: boolean }>,
): Promise<void> {
  const { values } = parseArgs({ options: { [countOption]: { type: 'string' }, seed: { type: 'string' } } })
  const count = Number(values[countOption] ?? defaultCount)
  const seed = Number(values.seed ?? randomInt(2 ** 31))
  const dir = mkdtempSync(join(tmpdir(), `annul-${name}-`))
  console.log(`seed ${seed}`)
  // So that its processes end with this one.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))
  const progress = (line: string) => void (process.stderr.isTTY && process.stderr.write(`\r${line}`))
  const since = performance.now()
  const { lines, failed } = await run({ dir, seed, count, progress })
  for (const line of lines) console.log(line)
  console.log(`${Math.round((performance.now() - since) / 1000)} s`)
  if (failed) {
    console.log(`npm run test:${name} -- --${countOption} ${count} --seed ${seed}; its files: ${dir}`)
    process.exitCode = 1
  } else rmSync(dir, { recursive: true, force: true })
}
