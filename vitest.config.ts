import { defineConfig } from 'vitest/config'

/** What decides on money and writes it down; what only reads, shows or translates is not in it. */
const MONEY_PATH = [
  'src/domain/**',
  ...['ask-acquirer', 'decide', 'process', 'recover', 'submission', 'try-acquirer'].map(
    (name) => `src/pipeline/${name}.ts`,
  ),
  ...[
    'commit',
    'db',
    'forwarded',
    'journal',
    'load',
    'outbox',
    'projections',
    'queries',
    'rows',
    'statements',
    'step',
  ].map((name) => `src/store/${name}.ts`),
]

const ENOUGH = { lines: 98, branches: 98, functions: 98, statements: 98 }

export default defineConfig({
  test: {
    projects: ['test/vitest.node.config.ts', 'test/vitest.worker.config.ts'],
    coverage: {
      provider: 'v8',
      include: MONEY_PATH,
      thresholds: { ...ENOUGH, 'src/domain/**': ENOUGH },
      reporter: 'text',
      reportsDirectory: 'build/coverage',
    },
  },
})
