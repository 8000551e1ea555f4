/**
 * Connections to the service that cost the driver little: HTTP/1.1 as terminals use it, with one request at a
 * time on each. Only the status, `Content-Length` and `Retry-After` are parsed.
 */

import { connect, type Socket } from 'node:net'

export interface Answer {
  /** 0: no answer in time, or a broken connection. */
  readonly status: number
  /** Seconds, or null when the answer has none. */
  readonly retryAfter: number | null
  readonly body: Buffer
}

const NO_ANSWER: Answer = { status: 0, retryAfter: null, body: Buffer.alloc(0) }

/** How long to wait for an answer, in milliseconds from the due time of the request. */
const TIME_OUT_MS = 10_000

interface Job {
  readonly request: Buffer
  readonly timer: NodeJS.Timeout
  settle(answer: Answer): void
}

export interface Wire {
  /** Sends a whole request as soon as a connection is free. */
  send(request: Buffer): Promise<Answer>
  close(): void
}

export async function openWire(url: URL, connections: number): Promise<Wire> {
  const queue: Job[] = []
  const idle: Connection[] = []
  const all: Connection[] = []
  let isOpen = true

  const assign = (connection: Connection): void => {
    const job = queue.shift()
    if (job === undefined) idle.push(connection)
    else connection.carry(job)
  }
  const open = async (): Promise<void> => {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true })
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    const connection = new Connection(socket, assign, () => {
      const at = idle.indexOf(connection)
      if (at >= 0) idle.splice(at, 1)
      if (isOpen) open().catch(() => undefined)
    })
    all.push(connection)
    assign(connection)
  }
  await Promise.all(Array.from({ length: connections }, open))

  return {
    send: (request) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          const at = queue.indexOf(job)
          if (at >= 0) queue.splice(at, 1)
          resolve(NO_ANSWER)
        }, TIME_OUT_MS)
        const settle = (answer: Answer) => {
          clearTimeout(timer)
          resolve(answer)
        }
        const job: Job = { request, timer, settle }
        const connection = idle.pop()
        if (connection === undefined) queue.push(job)
        else connection.carry(job)
      }),
    close() {
      isOpen = false
      for (const connection of all) connection.end()
    },
  }
}

class Connection {
  readonly #socket: Socket
  readonly #onFree: (connection: Connection) => void
  #job: Job | null = null
  #read: Buffer = Buffer.alloc(0)

  constructor(socket: Socket, onFree: (connection: Connection) => void, onClose: () => void) {
    this.#socket = socket
    this.#onFree = onFree
    socket.on('data', (data: Buffer) => this.#receive(data))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#job?.settle(NO_ANSWER)
      onClose()
    })
  }

  carry(job: Job): void {
    this.#job = job
    this.#socket.write(job.request)
  }

  end(): void {
    this.#socket.destroy()
  }

  #receive(data: Buffer): void {
    this.#read = this.#read.length === 0 ? data : Buffer.concat([this.#read, data])
    const head = this.#read.indexOf('\r\n\r\n')
    if (head < 0) return
    const text = this.#read.toString('latin1', 0, head)
    const length = Number(/\r\nContent-Length: (\d+)/i.exec(text)?.[1] ?? 0)
    if (this.#read.length < head + 4 + length) return
    const retryAfter = /\r\nRetry-After: (\d+)/i.exec(text)?.[1]
    const body = this.#read.subarray(head + 4, head + 4 + length)
    this.#read = this.#read.subarray(head + 4 + length)
    const job = this.#job
    this.#job = null
    job?.settle({
      status: Number(text.slice(9, 12)),
      retryAfter: retryAfter === undefined ? null : Number(retryAfter),
      body,
    })
    this.#onFree(this)
  }
}

/** A whole request. */
export function requestOf(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: Uint8Array,
): Buffer {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: annul',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : [`Content-Length: ${body.length}`]),
  ]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body ?? Buffer.alloc(0)])
}
