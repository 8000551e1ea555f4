/** @module Random days, some without an acquirer and more with one, each from the seed of its week. */

import fc from 'fast-check'
import { commandOf } from './commands.ts'
import { Day } from './day.ts'

/** Days per seed, as a rule. */
const WEEK = 50
const MOST_COMMANDS = 80

export interface WeeksReport {
  /** The number of commands. */
  readonly commands: number
  /** Their outcomes, by name. */
  readonly tally: ReadonlyMap<string, number>
  /** The first day that differs from the model, or null. */
  readonly failure: { readonly seed: number; readonly report: string } | null
}

export interface WeeksOptions {
  /** The path of an earlier failure. */
  readonly path?: string | undefined
  /** Only days with an acquirer, each with a twin (twin.ts). */
  readonly hasTwin?: boolean
  /** Days per seed. */
  readonly days?: number
}

/** Runs whole weeks on consecutive seeds, until `isEnough` or a failed day. */
export async function runWeeks(
  seed: number,
  isEnough: (commands: number, tally: ReadonlyMap<string, number>) => boolean,
  { path, hasTwin = false, days = WEEK }: WeeksOptions = {},
): Promise<WeeksReport> {
  const tally = new Map<string, number>()
  let commands = 0
  for (let week = seed; !isEnough(commands, tally); week++) {
    const isRemote = hasTwin || week % 4 !== 0
    const day = fc.asyncProperty(
      fc.array(commandOf(isRemote), { minLength: 1, maxLength: MOST_COMMANDS, size: 'max' }),
      async (all) => {
        commands += all.length
        const day = new Day(isRemote, tally, hasTwin)
        await day.run(all)
      },
    )
    const result = await fc.check(day, { numRuns: days, seed: week, ...(path === undefined ? {} : { path }) })
    if (result.failed)
      return {
        commands,
        tally,
        failure: { seed: week, report: `${result.errorInstance}\n${fc.defaultReportMessage(result)}` },
      }
  }
  return { commands, tally, failure: null }
}
