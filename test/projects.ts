/**
 * @module The projects: which test files each one runs, and which script runs it. Each test file belongs to one
 * project of `npm test`, but those of `slow` and `WHOLE_ONLY` run in `npm run test:all` alone. A long proof (`*.proof.test.ts`) belongs to `long`
 * too, where it runs in full size.
 */

import { availableParallelism } from 'node:os'

/** By default one core stays free for a person at an editor. These runs are waited for. While one file waits, another one works. */
export const MAX_WORKERS = availableParallelism() + 1

export interface Project {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  /** True: each file has its own process. False: files share one, and each leaves the globals as they were. */
  readonly isolate: boolean
}

/** These start `annul`, wrangler or workerd. The files share a process of tests, which loads the commands once. */
const PROCESSES = ['test/cli/**/*.test.ts', 'test/rig/**/*.test.ts', 'test/bundle.test.ts']

/**
 * These wait for seconds in real time: each statement on a local database starts wrangler, and a body that never comes has five
 * seconds. `npm test` shows what they show without the wait, on a replica of the database and on a fake clock. Two files take long by their
 * work: the restore of a database under workerd, and whole days of an acquirer.
 */
const SLOW = [
  'test/cli/database/**/*.test.ts',
  'test/load/load.test.ts',
  'test/overload/overload.test.ts',
  'test/rig/restore.test.ts',
  'test/simulation/acquirer-days.test.ts',
]

/**
 * These proofs have no sample in `npm test`. Some show that the tests notice a mistake. The others show over many
 * databases, or with many messages at once, what a short test shows with one.
 */
export const WHOLE_ONLY: readonly string[] = [
  'test/fuzz/mistakes.proof.test.ts',
  'test/load/planted-bugs.proof.test.ts',
  'test/overload/virtual.proof.test.ts',
  'test/simulation/crash-points-competing.proof.test.ts',
  'test/simulation/crash-points-copy.proof.test.ts',
  'test/simulation/crash-points-first.proof.test.ts',
  'test/simulation/mutants-1.proof.test.ts',
  'test/simulation/mutants-2.proof.test.ts',
  'test/simulation/restore.proof.test.ts',
  'test/simulation/sign-on.proof.test.ts',
  'test/simulation/simulation.proof.test.ts',
]

/** These replace the clock and the timers with those of a simulation. */
const VIRTUAL = [
  'test/simulation/**/*.test.ts',
  'test/model/**/*.test.ts',
  'test/races/**/*.test.ts',
  'test/overload/virtual.proof.test.ts',
]

const WORKER = ['test/worker/**/*.test.ts']

export const PROJECTS = {
  node: {
    include: ['test/**/*.test.ts'],
    exclude: [...PROCESSES, ...VIRTUAL, ...WORKER, ...SLOW, ...WHOLE_ONLY],
    isolate: false,
  },
  virtual: { include: VIRTUAL, exclude: [...SLOW, ...WHOLE_ONLY], isolate: true },
  processes: { include: PROCESSES, exclude: SLOW, isolate: false },
  slow: { include: SLOW, exclude: [], isolate: true },
  // The files share one workerd. The set-up gives each an empty database.
  worker: { include: WORKER, exclude: [], isolate: false },
  long: { include: ['test/**/*.proof.test.ts'], exclude: [], isolate: true },
} as const satisfies Readonly<Record<string, Project>>

export type ProjectName = keyof typeof PROJECTS

/** The rig needs Linux or macOS. */
export const NOT_ON_WINDOWS: readonly string[] = ['test/rig/**', 'test/load/load.test.ts', 'test/overload/**']

/** Script → the projects that it runs. `test:watch` starts no workerd. */
export const SCRIPTS: Readonly<Record<string, readonly ProjectName[]>> = {
  test: ['node', 'virtual', 'processes', 'worker'],
  'test:all': ['long', 'slow'],
  'test:watch': ['node', 'virtual'],
}
