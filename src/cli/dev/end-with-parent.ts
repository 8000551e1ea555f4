/**
 * @module Preloaded into wrangler. It ends wrangler when the parent process ends, whatever the cause: the parent holds the other
 * end of stdin. It also ends wrangler when workerd dies, which wrangler itself does not notice.
 */

import type { ChildProcess } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'

const end = () => process.kill(process.pid, 'SIGTERM')

process.stdin.on('close', end)
process.stdin.resume()
if ('unref' in process.stdin) process.stdin.unref()

subscribe('child_process', (message) => {
  const { process: child } = message as { process: ChildProcess }
  child.once('exit', () => {
    // Wrangler itself kills the workerd that it replaces after a change.
    if (!child.killed && /workerd[^/\\]*$/.test(child.spawnfile)) end()
  })
})
