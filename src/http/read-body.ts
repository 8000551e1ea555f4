/** @module Reads the body of a request within a length and a time. Refuses an encoded body. */

import type { Context } from 'hono'
import { err, ok, type Result } from '../domain/result.ts'
import type { Deadline } from './deadline.ts'
import { cancel } from './read-stream.ts'

/**
 * The reason why there is no body, as an HTTP status (RFC 9110 §15.5): 400 broken off, 408 too slow, 413 too large, 415
 * encoded.
 */
export type BodyFault = 400 | 408 | 413 | 415

export interface BodyBounds {
  /** The most bytes. */
  readonly limit: number
  /** The time for the whole body, in milliseconds. */
  readonly deadlineMs: number
}

/** The memory of a body. */
export interface BodyMemory {
  /** The body holds so many bytes from now on. False: there is no space. */
  hold(bytes: number): boolean
  /** Settles when the body must give its space to another one. */
  readonly displaced: Promise<void>
}

/** Null: there is no space for the body, or no more. */
type Body = Result<Uint8Array<ArrayBuffer>, BodyFault> | null

/** The first piece of memory for a body. Each body counts with so many bytes anyway (admission/body-space.ts). */
const FIRST_BYTES = 4096

/** Reads the body. The headers are checked first, and a body that they rule out is not read. */
export async function readBytes(
  c: Context,
  { limit, deadlineMs }: BodyBounds,
  deadline: Deadline,
  memory: BodyMemory,
): Promise<Body> {
  const encoding = c.req.header('content-encoding')
  // A few bytes may unpack to any number. Terminals and back offices send plain bodies.
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') return err(415)
  const length = c.req.header('content-length')
  if (length !== undefined && !(Number(length) <= limit)) return err(413)
  const { raw } = c.req
  if (raw.body === null) return ok(new Uint8Array(0))
  const isSmall = Number(length ?? limit) <= FIRST_BYTES && !c.req.header('transfer-encoding')
  const reader = isSmall && length !== undefined ? undefined : raw.body.getReader()
  const read = reader === undefined ? readWhole(raw, limit) : readPieces(reader, limit, memory)
  const displaced = memory.displaced.then(() => null)
  const body = await deadline.until(deadlineMs, Promise.race([read, displaced]))
  // No effect on a body that was read to its end.
  cancel(reader)
  return body === undefined ? err(408) : body
}

/** A small body with a declared length: HTTP itself ends it. */
async function readWhole(request: Request, limit: number): Promise<Body> {
  try {
    const bytes = new Uint8Array(await request.arrayBuffer())
    return bytes.length > limit ? err(413) : ok(bytes)
  } catch {
    return err(400)
  }
}

/** Reads into memory that doubles as bytes arrive, so a sender of single bytes takes no more than it sends. */
async function readPieces(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  limit: number,
  memory: BodyMemory,
): Promise<Body> {
  let bytes = new Uint8Array(Math.min(FIRST_BYTES, limit))
  let length = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return ok(bytes.slice(0, length))
      const end = length + value.length
      if (end > limit) return err(413)
      if (end > bytes.length) {
        const more = Math.min(Math.max(2 * bytes.length, end), limit)
        if (!memory.hold(more)) return null
        const larger = new Uint8Array(more)
        larger.set(bytes.subarray(0, length))
        bytes = larger
      }
      bytes.set(value, length)
      length = end
    }
  } catch {
    return err(400)
  }
}
