import { defineConfig } from 'vitest/config'

/** Plain Node: everything that needs neither workerd nor D1. */
export default defineConfig({
  test: {
    name: 'node',
    root: `${import.meta.dirname}/..`,
    include: ['test/**/*.test.ts'],
    exclude: ['test/worker/**', 'node_modules/**'],
  },
})
