import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { MAX_WORKERS, PROJECTS } from './projects.ts'
import { bundleOf } from './support/bundle.ts'

const root = `${import.meta.dirname}/..`
const { include, isolate } = PROJECTS.worker

/** The simulated acquirer as its own Worker, bundled as it would be uploaded. */
async function simulatedAcquirer() {
  const folder = await bundleOf('wrangler.acquirer.toml')
  const wasm = readdirSync(folder).filter((name) => name.endsWith('.wasm'))
  return {
    name: 'annul-acquirer',
    compatibilityDate: '2026-10-01',
    modules: [
      {
        type: 'ESModule' as const,
        path: 'index.js',
        contents: readFileSync(join(folder, 'index.js'), 'utf8'),
      },
      ...wasm.map((path) => ({
        type: 'CompiledWasm' as const,
        path,
        contents: new Uint8Array(readFileSync(join(folder, path))),
      })),
    ],
    bindings: { MAC_PROFILE: 'cup-ecb', MAC_KEY: '0123456789ABCDEF' },
  }
}

/** workerd with a D1: both APIs, the store, and the core again, with an acquirer to forward to. */
export default defineConfig({
  plugins: [
    cloudflareTest(async () => ({
      wrangler: { configPath: `${root}/wrangler.toml` },
      miniflare: {
        bindings: {
          MASTER_KEY: 'ab'.repeat(32),
          TEST_MIGRATIONS: await readD1Migrations(`${root}/migrations`),
        },
        serviceBindings: { ACQUIRER_SERVICE: 'annul-acquirer' },
        workers: [await simulatedAcquirer()],
      },
    })),
  ],
  test: {
    name: 'worker',
    root,
    // A busy machine is slow, not wrong.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: [...include],
    isolate,
    maxWorkers: MAX_WORKERS,
    setupFiles: ['test/worker/apply-migrations.ts'],
  },
})
