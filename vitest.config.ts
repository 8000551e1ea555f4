import { defineConfig } from 'vitest/config'
import { MONEY_PATH } from './test/money-path.ts'
import { MAX_WORKERS, NOT_ON_WINDOWS, PROJECTS, type ProjectName } from './test/projects.ts'
import { LongestFirst } from './test/sequencer.ts'

const NOT_HERE = process.platform === 'win32' ? NOT_ON_WINDOWS : []
const ENOUGH = { lines: 98, branches: 98, functions: 98, statements: 98 }

/** A project that runs in Node. `worker` has its own configuration. */
function inNode(name: Exclude<ProjectName, 'worker'>) {
  const { include, exclude, isolate } = PROJECTS[name]
  return {
    test: {
      name,
      root: import.meta.dirname,
      include: [...include],
      exclude: [...exclude, ...NOT_HERE, 'node_modules/**'],
      isolate,
      maxWorkers: MAX_WORKERS,
      // A busy machine is slow, not wrong.
      testTimeout: 60_000,
      hookTimeout: 60_000,
      // Threads and child processes load the same sources again and again: Node keeps the compiled code.
      env: { NODE_COMPILE_CACHE: `${import.meta.dirname}/node_modules/.cache/annul/compile` },
      ...(isolate ? {} : { setupFiles: ['test/support/shared-process.ts'] }),
      provide: { size: name === 'long' ? ('whole' as const) : ('sample' as const) },
    },
  }
}

export default defineConfig({
  test: {
    projects: [
      inNode('node'),
      inNode('virtual'),
      inNode('processes'),
      inNode('slow'),
      inNode('long'),
      'test/vitest.worker.config.ts',
    ],
    maxWorkers: MAX_WORKERS,
    sequence: { sequencer: LongestFirst },
    coverage: {
      provider: 'v8',
      include: [...MONEY_PATH],
      thresholds: { ...ENOUGH, 'src/domain/**': ENOUGH },
      reporter: 'text',
      reportsDirectory: 'build/coverage',
    },
  },
})
