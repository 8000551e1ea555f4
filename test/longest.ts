/** @module The test files that take longest, the longest first, as measured. A file that is not here takes less than any of these. */

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
