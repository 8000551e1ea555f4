import { defineConfig } from 'vitest/config'

/** The tests that must notice a mistake in the decisions and in recovery: those at their own doors. */
export default defineConfig({
  test: {
    name: 'mutation',
    include: [
      'test/domain/*.test.ts',
      'test/store/*.test.ts',
      'test/pipeline/{process,recover,submission}.test.ts',
    ],
    // It reads the source's own text, in which the mistakes stand side by side.
    testNamePattern: /^(?!.*in the order in which the void’s guards are asked)/,
    testTimeout: 60_000,
    fileParallelism: false,
  },
})
