declare namespace Cloudflare {
  interface Env {
    TEST_MIGRATIONS: import('@cloudflare/vitest-plugin').D1Migration[]
    /** The simulated acquirer: a Worker of its own (test/vitest.worker.config.ts). */
    ACQUIRER_SERVICE: Fetcher
  }
}
