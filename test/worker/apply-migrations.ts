import { applyD1Migrations, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'

// Files share a workerd. Each begins with an empty database and an acquirer without entries and faults.
await reset()
await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)
await env.ACQUIRER_SERVICE.fetch('http://acquirer/reset', { method: 'POST' })
