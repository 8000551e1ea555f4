/** @module Requests over connections that are kept. A connection carries one request at a time, as those of terminals do. */

import { Agent as HttpAgent, type IncomingMessage, request as overHttp } from 'node:http'
import { Agent as HttpsAgent, request as overHttps } from 'node:https'

export interface LoadRequest {
  readonly method: 'GET' | 'POST'
  /** Path and query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

export interface LoadReply {
  /** 0: no answer in time, or a broken connection. */
  readonly status: number
  readonly body: Buffer
  /** The answer has `Retry-After`: nothing was done. */
  readonly isRefusal: boolean
  /** Round trips to D1, when the service says so. */
  readonly trips: number | null
}

export interface Sender {
  send(request: LoadRequest): Promise<LoadReply>
  close(): void
}

/** How long to wait for an answer, in milliseconds from the time at which the request gets a connection. */
const TIME_OUT_MS = 15_000

const NO_REPLY: LoadReply = { status: 0, body: Buffer.alloc(0), isRefusal: false, trips: null }

/** Opens at most `connections` connections to the origin. A request beyond them waits. */
export function openSender(origin: URL, connections: number): Sender {
  const isHttps = origin.protocol === 'https:'
  const options = {
    keepAlive: true,
    maxSockets: connections,
    maxFreeSockets: connections,
    scheduling: 'fifo',
  } as const
  const agent = isHttps ? new HttpsAgent(options) : new HttpAgent(options)
  const start = isHttps ? overHttps : overHttp
  const { hostname, port } = origin

  return {
    close: () => agent.destroy(),
    send: ({ method, path, headers, body }) =>
      new Promise((resolve) => {
        const length = body === undefined ? {} : { 'content-length': String(body.length) }
        const sent = start(
          { agent, hostname, port, method, path, headers: { ...headers, ...length }, timeout: TIME_OUT_MS },
          (response) => collect(response).then(resolve, () => resolve(NO_REPLY)),
        )
        sent.on('timeout', () => sent.destroy())
        sent.on('error', () => resolve(NO_REPLY))
        sent.end(body)
      }),
  }
}

async function collect(response: IncomingMessage): Promise<LoadReply> {
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part as Buffer)
  const timing = response.headers['server-timing']
  return {
    status: response.statusCode ?? 0,
    body: parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts),
    isRefusal: response.headers['retry-after'] !== undefined && response.statusCode !== 200,
    trips: tripsIn(Array.isArray(timing) ? timing.join() : timing),
  }
}

/** `trips;desc="1"` in the header Server-Timing. */
export function tripsIn(timing: string | null | undefined): number | null {
  const found = /\btrips;desc="(\d+)"/.exec(timing ?? '')?.[1]
  return found === undefined ? null : Number(found)
}
