import { defineConfig } from 'vitest/config'
import { MONEY_PATH } from './test/money-path.ts'
import { PROJECTS, type ProjectName } from './test/projects.ts'
import { LongestFirst } from './test/sequencer.ts'

const ENOUGH = { lines: 98, branches: 98, functions: 98, statements: 98 }

/** A project in Node. The one in workerd has a configuration of its own. */
function inNode(name: Exclude<ProjectName, 'worker'>) {
  const { include, exclude, isolate } = PROJECTS[name]
  return {
    test: {
      name,
      root: import.meta.dirname,
      include: [...include],
      exclude: [...exclude, 'node_modules/**'],
      isolate,
      // A busy machine is slow, not wrong.
      testTimeout: 60_000,
      hookTimeout: 60_000,
      // Threads and processes of a test load the same sources again and again.
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
      inNode('long'),
      'test/vitest.worker.config.ts',
    ],
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
