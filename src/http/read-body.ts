/** @module Reads the body of a request within a length and a time. Refuses an encoded body. */

import type { Context } from 'hono'
import { err, ok, type Result } from '../domain/result.ts'
import type { Deadline } from './deadline.ts'
import { cancel, readUpTo } from './read-stream.ts'

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

type Body = Result<Uint8Array<ArrayBuffer>, BodyFault>

/** Reads the body. The headers are checked first, and a body that they rule out is not read. */
export async function readBytes(
  c: Context,
  { limit, deadlineMs }: BodyBounds,
  deadline: Deadline,
): Promise<Body> {
  const encoding = c.req.header('content-encoding')
  // A few bytes may unpack to any number. Terminals and back offices send plain bodies.
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') return err(415)
  const length = c.req.header('content-length')
  if (length !== undefined && !(Number(length) <= limit)) return err(413)
  const { raw } = c.req
  if (raw.body === null) return ok(new Uint8Array(0))
  const isCounted = length !== undefined && !c.req.header('transfer-encoding')
  const reader = isCounted ? undefined : raw.body.getReader()
  const read = reader === undefined ? readWhole(raw, limit) : readCounted(reader, limit)
  const body = await deadline.until(deadlineMs, read)
  if (body === undefined) cancel(reader)
  return body ?? err(408)
}

/** A body with a declared length: HTTP itself ends it. */
async function readWhole(request: Request, limit: number): Promise<Body> {
  try {
    const bytes = new Uint8Array(await request.arrayBuffer())
    return bytes.length > limit ? err(413) : ok(bytes)
  } catch {
    return err(400)
  }
}

async function readCounted(reader: ReadableStreamDefaultReader<Uint8Array>, limit: number): Promise<Body> {
  try {
    const bytes = await readUpTo(reader, limit)
    return bytes === null ? err(413) : ok(bytes)
  } catch {
    return err(400)
  }
}
