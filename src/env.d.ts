/** No file that wrangler reads in a fresh clone has the secrets, so their types are declared here. */
interface Secrets {
  /** 256 bits, 64 hex digits: `wrangler secret put MASTER_KEY`. */
  MASTER_KEY: string
  /** Optional, 32 characters or more: `wrangler secret put BOOTSTRAP_KEY`. */
  BOOTSTRAP_KEY?: string
  /** The master key before, during a rotation: 64 hex digits. */
  MASTER_KEY_PREVIOUS?: string
}
declare namespace Cloudflare {
  interface Env extends Secrets {}
}
interface Env extends Secrets {}
