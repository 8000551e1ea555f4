/**
 * @module `npm run test:model -- [--commands N] [--seed N] [--path P]`: random days against the model until
 * this many commands ran. Prints its first seed, and for a failed day the fewest commands that make it fail.
 */

import { parseArgs } from 'node:util'
import { runWeeks } from './days.ts'

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { commands: text, seed: text, path: text } })
const whole = (value: string | undefined, fallback: number): number => {
  const number = Number(value ?? fallback)
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new RangeError(`expected a whole number above 0, got ${value}`)
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const seed = whole(values.seed, (Date.now() % 1_000_000_000) + 1)
const start = performance.now()
print(`seed ${seed}`)
const most = whole(values.commands, 50_000)
const { commands, tally, failure } = await runWeeks(seed, (done) => done >= most, { path: values.path })
for (const [name, count] of [...tally].sort()) print(`${name} ${count}`)
print(`${commands} commands, ${((performance.now() - start) / 1000).toFixed(0)} s`)
if (failure !== null) {
  print(failure.report)
  print(`again: npm run test:model -- --seed ${failure.seed} --commands 1`)
  process.exitCode = 1
}
