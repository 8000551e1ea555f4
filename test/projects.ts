/**
 * @module Which project runs which test files, and which script of package.json runs which projects. A file belongs to one
 * project of `npm test`. A long proof (`*.proof.test.ts`) belongs to `long` as well, where it runs in full size.
 */

export interface Project {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  /** Whether each file has a process of its own. Files that share one keep globals and modules as they found them. */
  readonly isolate: boolean
}

/** These start `annul`, wrangler or workerd. */
const PROCESSES = [
  'test/cli/**/*.test.ts',
  'test/rig/**/*.test.ts',
  'test/overload/overload.test.ts',
  'test/bundle.test.ts',
]

/** These replace the clock and the timers by those of a simulation. */
const VIRTUAL = [
  'test/simulation/**/*.test.ts',
  'test/model/**/*.test.ts',
  'test/races/**/*.test.ts',
  'test/overload/virtual.test.ts',
]

const WORKER = ['test/worker/**/*.test.ts']

/** The rig needs Linux or macOS. */
const NOT_HERE = process.platform === 'win32' ? ['test/rig/**', 'test/overload/**'] : []

export const PROJECTS = {
  node: {
    include: ['test/**/*.test.ts'],
    exclude: [...PROCESSES, ...VIRTUAL, ...WORKER],
    isolate: false,
  },
  virtual: { include: VIRTUAL, exclude: NOT_HERE, isolate: true },
  processes: { include: PROCESSES, exclude: NOT_HERE, isolate: true },
  // One workerd for all its files. The set-up gives each file an empty database.
  worker: { include: WORKER, exclude: [], isolate: false },
  long: { include: ['test/**/*.proof.test.ts'], exclude: NOT_HERE, isolate: true },
} as const satisfies Readonly<Record<string, Project>>

export type ProjectName = keyof typeof PROJECTS

/** Script → the projects that it runs. */
export const SCRIPTS: Readonly<Record<string, readonly ProjectName[]>> = {
  test: ['node', 'virtual', 'processes', 'worker'],
  'test:all': ['long'],
  // What needs no workerd.
  'test:watch': ['node', 'virtual'],
}
