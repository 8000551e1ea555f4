import { applyD1Migrations, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'

// Files share a workerd: each begins with an empty database.
await reset()
await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)
