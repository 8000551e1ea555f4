/** @module Preloaded into wrangler: ends it when its parent is gone, however that ended. The parent holds the other end of stdin. */

process.stdin.on('close', () => process.kill(process.pid, 'SIGTERM'))
process.stdin.resume()
if ('unref' in process.stdin) process.stdin.unref()
