/** Secrets are in no file that wrangler can read in a fresh clone, so their types are declared here. */
interface Secrets {
  /** 256 bits, 64 hex digits: `wrangler secret put MASTER_KEY`. */
  MASTER_KEY: string
}
declare namespace Cloudflare {
  interface Env extends Secrets {}
}
interface Env extends Secrets {}
