/** @module The terminal door: ISO 8583 over HTTPS (protocol.md §1.2). Knows HTTP; what it carries, `exchange` knows. */

import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { ISO_CONTENT_TYPE } from '../iso8583/frame.ts'
import type { Services } from '../services.ts'
import { createAnswers, SILENCE, type TerminalReply } from './answers.ts'
import { exchange } from './exchange.ts'
import type { WaitUntil } from './transaction.ts'

/** Paths that terminals are configured with. */
export const TERMINAL_PATHS = ['/unp/webtrans/WPOS', '/mjc/webtrans/VPB_lb', '/v1/iso8583'] as const

/** Longest request, in bytes. */
export const TERMINAL_BODY_LIMIT = 4096

const ACCEPTED_TYPES = [ISO_CONTENT_TYPE.toLowerCase(), 'application/octet-stream']

/** How long a copy waits for the first; past that it gets no answer, as the first would. */
const PATIENCE_MS = 12_000

const empty = (status: number, headers: Record<string, string> = {}): Response =>
  new Response(null, { status, headers })

/** A Uint8Array body has a Content-Length; a stream would be chunked, which terminals cannot read. */
const respond = ({ status, body }: TerminalReply): Response =>
  new Response(body, { status, headers: { 'content-type': ISO_CONTENT_TYPE } })

export function terminalDoor(services: Services): Hono {
  const answers = createAnswers(services.core, services.now)
  const door = new Hono()
  const limit = bodyLimit({ maxSize: TERMINAL_BODY_LIMIT, onError: () => empty(413) })

  for (const path of TERMINAL_PATHS) {
    door.post(path, limit, async (c) => {
      const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
      if (type !== undefined && type !== '' && !ACCEPTED_TYPES.includes(type)) return empty(415)
      const bytes = new Uint8Array(await c.req.arrayBuffer())
      const waitUntil: WaitUntil = (promise) => c.executionCtx.waitUntil(promise)
      const digest = await services.keyring.fingerprint('content', bytes)
      const first = () => {
        const reply = exchange(services, bytes, waitUntil)
        // A terminal that hangs up must not cut off the copies that joined it.
        waitUntil(reply.catch(() => SILENCE))
        return reply
      }
      return respond(await within(PATIENCE_MS, answers.once(bytes, digest, first)))
    })
    door.all(path, () => empty(405, { allow: 'POST' }))
  }
  return door
}

/** The reply, or silence when it does not come: the request that it waits for may have been cut off. */
async function within(ms: number, reply: Promise<TerminalReply>): Promise<TerminalReply> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const silence = new Promise<TerminalReply>((resolve) => {
    timer = setTimeout(() => resolve(SILENCE), ms)
  })
  try {
    return await Promise.race([reply, silence])
  } finally {
    clearTimeout(timer)
  }
}
