/** @module The simulation notices each check that is taken out: a world ends in a violation before so many voids were asked. */

import { beforeAll, describe, expect, it } from 'vitest'
import { coreModule } from '../support/load-core.ts'
import { MUTANTS } from './mutants.ts'
import { mutated } from './take-out.ts'
import { runWorlds } from './threads.ts'

/** Voids within which each must be noticed. */
const VOIDS = 1_500
/** Threads at once. */
const LANES = 2

const noticed = new Map<string, string>()

beforeAll(async () => {
  const left = MUTANTS.filter((mutant) => mutated(mutant) !== '')
  const lane = async () => {
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
  await Promise.all(Array.from({ length: LANES }, lane))
}, 600_000)

describe('without this check a world goes wrong', () => {
  it.each(MUTANTS.map(({ name }) => name))('%s', (name) => {
    expect(noticed.get(name) ?? 'nothing was noticed').not.toBe('nothing was noticed')
  })
})
