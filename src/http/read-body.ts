/** @module Reads a body at a door: no longer than it may be, no slower, and never one that is encoded. */

import type { Context } from 'hono'
import { err, ok, type Result } from '../domain/result.ts'
import type { Deadline } from './deadline.ts'
import { cancel, readUpTo } from './read-stream.ts'

/** Why there is no body, as an HTTP status (RFC 9110 §15.5): broken off, too slow, too large, encoded. */
export type BodyFault = 400 | 408 | 413 | 415

export interface BodyBounds {
  /** Most bytes. */
  readonly limit: number
  /** How long the whole body may take, in milliseconds. */
  readonly deadlineMs: number
}

type Body = Result<Uint8Array<ArrayBuffer>, BodyFault>

/** Looks at the headers first; what they refuse is not read. */
export async function readBytes(
  c: Context,
  { limit, deadlineMs }: BodyBounds,
  deadline: Deadline,
): Promise<Body> {
  const encoding = c.req.header('content-encoding')
  // A few bytes may unpack to any number; terminals and back offices send them as they are.
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

/** HTTP itself ends a body that says how long it is. */
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
