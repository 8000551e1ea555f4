/** @module Whether a port can be listened on. */

import { createServer } from 'node:net'
import { Failure } from './failure.ts'

/** Throws Failure, in words, where it cannot. */
export async function assertFree(port: number, ip: string): Promise<void> {
  const probe = createServer()
  const code = await new Promise<string | undefined>((resolve) => {
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'))
    probe.listen({ port, host: ip, exclusive: true }, () => probe.close(() => resolve(undefined)))
  })
  if (code === 'EADDRINUSE')
    throw new Failure(`port ${port} is in use: end what listens there, or choose another with --port`)
  if (code !== undefined) throw new Failure(`cannot listen on ${ip} port ${port}: ${code}`)
}
