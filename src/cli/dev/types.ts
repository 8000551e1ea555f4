/**
 * @module `npm run types`: lets wrangler write the types of the runtime and of the settings, without its page of output.
 * A program of its own: `npm ci` runs it before anything is built.
 */
import { complaintOf, runWrangler } from './wrangler.ts'

const finished = await runWrangler(['types', 'worker-configuration.d.ts'])
if (finished.code !== 0) {
  process.stderr.write(`types: ${complaintOf(finished)}\n`)
  process.exitCode = 1
}
