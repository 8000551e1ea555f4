import { defineConfig } from 'vitest/config'

/** Plain Node: everything that needs neither workerd nor D1. */
export default defineConfig({
  test: {
    name: 'node',
    root: `${import.meta.dirname}/..`,
    // A busy machine is slow, not wrong.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: ['test/**/*.test.ts'],
    exclude: [
      'test/worker/**',
      'node_modules/**',
      ...(process.platform === 'win32' ? ['test/rig/**', 'test/overload/**'] : []),
    ],
  },
})
