/** @module Deliberate mistakes in the codec and in the core: the fuzzer finds each. */

import { expect, test } from 'vitest'
import { moduleAt } from '../../src/cli/lib/core.ts'
import { sizeOf } from '../proofs.ts'
import { coreModule } from '../support/load-core.ts'
import { buildMutant, MUTANTS } from './mutants.ts'
import { runFuzzer } from './run-fuzzer.ts'

/** The sample has one of the codec and one of the core. */
const MISTAKES = [
  ['length of a field not checked', /^\w*Error: \w/],
  ['keys not wiped', /^Error: \w/],
  ['track shown', /^\w*Error: \w/],
  ['chaining from a leftover', /^Error: \w/],
  ['hang in a text', /^hangs/],
] as const

test.each(MISTAKES.slice(0, sizeOf('fuzz/mistakes')))('%s is found', async (name, description) => {
  const mutant = MUTANTS[name]
  if (mutant === undefined) throw new Error(`no mutant ${name}`)
  const isCore = mutant.file.startsWith('assembly/')
  const module = isCore ? await moduleAt(await buildMutant(mutant, `build/fuzz/short ${name}`)) : coreModule
  const limits = { seconds: 50, execs: 1_000_000, deadlineSeconds: description.source === '^hangs' ? 2 : 10 }
  const task = { ...limits, target: mutant.target, module, seed: 1, guided: false, mutant }
  expect((await runFuzzer(task)).result?.description).toMatch(description)
})
