/** @module What the rig's commands have in common: a number, a seed that is printed, and files that are kept where it fails. */

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

/** Runs `npm run test:NAME -- --COUNT n --seed n`; exit code 1 where it failed. */
export async function commandLine(
  name: string,
  counted: string,
  usual: number,
  run: (options: CommandOptions) => Promise<{ readonly lines: readonly string[]; readonly failed: boolean }>,
): Promise<void> {
  const { values } = parseArgs({ options: { [counted]: { type: 'string' }, seed: { type: 'string' } } })
  const count = Number(values[counted] ?? usual)
  const seed = Number(values.seed ?? randomInt(2 ** 31))
  const dir = mkdtempSync(join(tmpdir(), `annul-${name}-`))
  console.log(`seed ${seed}`)
  // So that what runs is ended with this.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))
  const progress = (line: string) => void (process.stderr.isTTY && process.stderr.write(`\r${line}`))
  const since = performance.now()
  const { lines, failed } = await run({ dir, seed, count, progress })
  for (const line of lines) console.log(line)
  console.log(`${Math.round((performance.now() - since) / 1000)} s`)
  if (failed) {
    console.log(`npm run test:${name} -- --${counted} ${count} --seed ${seed}; its files: ${dir}`)
    process.exitCode = 1
  } else rmSync(dir, { recursive: true, force: true })
}
