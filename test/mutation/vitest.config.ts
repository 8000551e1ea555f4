import { defineConfig } from 'vitest/config'

/** The tests that must detect a mistake in the decisions and in recovery: those that call them directly. */
export default defineConfig({
  test: {
    name: 'mutation',
    include: [
      'test/domain/*.test.ts',
      'test/store/*.test.ts',
      'test/pipeline/{process,recover,submission,waiting}.test.ts',
    ],
    // It reads the source text, which holds all mistakes side by side.
    testNamePattern: /^(?!.*in the order of the void’s guards)/,
    testTimeout: 60_000,
    fileParallelism: false,
  },
})
