import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { complaintOf, runWrangler } from '../src/cli/dev/wrangler.ts'

const root = `${import.meta.dirname}/..`

/** The simulated acquirer as its own Worker, bundled as it would be uploaded. */
async function simulatedAcquirer() {
  const folder = mkdtempSync(join(tmpdir(), 'annul-acquirer-'))
  try {
    const finished = await runWrangler([
      'deploy',
      '--dry-run',
      ...['--config', 'wrangler.acquirer.toml', '--outdir', folder],
    ])
    if (finished.code !== 0) throw new Error(`wrangler.acquirer.toml: ${complaintOf(finished)}`)
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
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * workerd with a D1 of its own per test file: both APIs, the store, and the core again, with an acquirer to
 * forward to.
 */
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
    include: ['test/worker/**/*.test.ts'],
    setupFiles: ['test/worker/apply-migrations.ts'],
  },
})
