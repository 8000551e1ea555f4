/**
 * @module The simulation detects each removed check: a world ends in a violation within a number of voids.
 */

import { beforeAll, describe, expect, it } from 'vitest'
import { coreModule } from '../support/load-core.ts'
import { MUTANTS } from './mutants.ts'
import { mutated } from './take-out.ts'
import { runWorlds } from './threads.ts'

/** Voids within which each must be detected. */
const VOIDS = 1_500
/** Threads at once. */
const THREADS = 2

const noticed = new Map<string, string>()

beforeAll(async () => {
  const left = MUTANTS.filter((mutant) => mutated(mutant) !== '')
  const runMutants = async () => {
    for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
      const { name } = mutant
      await runWorlds(
        { module: coreModule, seed: 1, voids: VOIDS, mutant, untilViolation: true },
        (report) => {
          if (report.violation !== null) noticed.set(name, report.violation)
        },
      )
    }
  }
  await Promise.all(Array.from({ length: THREADS }, runMutants))
}, 600_000)

describe('a world without this check has a violation', () => {
  it.each(MUTANTS.map(({ name }) => name))('%s', (name) => {
    expect(noticed.get(name) ?? 'no violation').not.toBe('no violation')
  })
})
