/**
 * @module Preloaded into wrangler: ends it when its parent is gone, however that ended (the parent holds the other end of stdin),
 * and when its workerd dies without having been told to, which wrangler itself does not notice.
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
    // Wrangler itself kills the one that it replaces after a change.
    if (!child.killed && /workerd[^/\\]*$/.test(child.spawnfile)) end()
  })
})
