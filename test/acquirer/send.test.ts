import { createServer, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sendOver } from '../../src/acquirer/send.ts'

const FRAME = Uint8Array.of(0, 3, 1, 2, 3)

/** The acquirer’s reaction to the next request, by path. */
const ACQUIRER: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/echo': (response) => response.end(FRAME),
  '/empty': (response) => response.end(),
  '/500': (response) => response.writeHead(500).end(FRAME),
  '/204': (response) => response.writeHead(204).end(),
  '/302': (response) => response.writeHead(302, { location: '/echo' }).end(FRAME),
  '/4096': (response) => response.end(new Uint8Array(4_096).fill(7)),
  '/4097': (response) => response.end(new Uint8Array(4_097)),
  '/endless': (response) => {
    const more = (): void =>
      void (response.destroyed || response.write(new Uint8Array(1_000), () => setImmediate(more)))
    more()
  },
  '/silent': () => undefined,
  '/stalled': (response) => response.write(FRAME.subarray(0, 3)),
  '/reset': (response) => response.socket?.resetAndDestroy(),
  '/cut': (response) => {
    response.writeHead(200, { 'content-length': 100 })
    response.write(FRAME, () => response.socket?.destroy())
  },
  '/pieces': (response) => {
    response.write(FRAME.subarray(0, 2))
    setTimeout(() => response.end(FRAME.subarray(2)), 20)
  },
}

const received: { method?: string | undefined; type?: string | undefined; body: Uint8Array }[] = []
const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    received.push({
      method: request.method,
      type: request.headers['content-type'],
      body: Buffer.concat(parts),
    })
    ACQUIRER[request.url ?? '']?.(response)
  })
})
let origin = ''

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  origin = `http://127.0.0.1:${address.port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const send = (path: string, deadlineMs = 5_000) =>
  sendOver((url, init) => fetch(url, init), `${origin}${path}`, deadlineMs)(FRAME)

describe('sending to an acquirer', () => {
  it('returns its answer, also in pieces, up to 4,096 bytes', async () => {
    expect(await send('/echo')).toEqual(FRAME)
    expect(await send('/pieces')).toEqual(FRAME)
    expect(await send('/4096')).toHaveLength(4_096)
    expect(await send('/empty')).toHaveLength(0)
    expect(received[0]).toEqual({ method: 'POST', type: 'x-ISO-TPDU/x-auth', body: Buffer.from(FRAME) })
  })

  it.each(['/500', '/204', '/302', '/4097', '/endless', '/reset', '/cut'])(
    '%s returns null',
    async (path) => {
      expect(await send(path)).toBeNull()
    },
  )

  it.each(['/silent', '/stalled'])('%s returns null after the deadline', async (path) => {
    const start = performance.now()
    expect(await send(path, 100)).toBeNull()
    expect(performance.now() - start).toBeLessThan(3_000)
  })

  it('returns null when nothing listens', async () => {
    const port = await new Promise<number>((resolve) => {
      const probe = createServer().listen(0, '127.0.0.1', () => {
        const address = probe.address()
        probe.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
      })
    })
    const isClosed = await new Promise<boolean>((resolve) =>
      connect(port, '127.0.0.1', () => resolve(false)).on('error', () => resolve(true)),
    )
    expect(isClosed).toBe(true)
    expect(await sendOver((url, init) => fetch(url, init), `http://127.0.0.1:${port}/`)(FRAME)).toBeNull()
  })
})
