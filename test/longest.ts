/** @module The test files that take longest, as measured, the longest first. */

export const LONGEST: readonly string[] = [
  'test/simulation/worlds.proof.test.ts',
  'test/simulation/crash-points-first.proof.test.ts',
  'test/simulation/crash-points-copy.proof.test.ts',
  'test/simulation/crash-points-competing.proof.test.ts',
  'test/simulation/mild.proof.test.ts',
  'test/simulation/mutants-1.proof.test.ts',
  'test/simulation/mutants-2.proof.test.ts',
  'test/cli/demo.test.ts',
]
