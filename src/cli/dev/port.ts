/** @module Ports of this machine: checks one, and finds a free one. */

import { createServer } from 'node:net'
import { Failure } from '../lib/failure.ts'

/** Throws Failure if nothing can listen on the port. */
export async function assertFree(port: number, ip: string): Promise<void> {
  const probe = createServer()
  const code = await new Promise<string | undefined>((resolve) => {
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'))
    probe.listen({ port, host: ip, exclusive: true }, () => probe.close(() => resolve(undefined)))
  })
  if (code === 'EADDRINUSE')
    throw new Failure(
      `port ${port} is in use: stop the process that listens there, or choose another port with --port`,
    )
  if (code !== undefined) throw new Failure(`cannot listen on ${ip} port ${port}: ${code}`)
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Failure('no port is free')
  return address.port
}
