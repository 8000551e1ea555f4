/** @module Frames as the actors of a world send and read them. */

import type { HttpRequest } from './platform/isolate.ts'

export const TPDU = Uint8Array.of(0x60, 0, 3, 0, 0)
export const HEADER = Uint8Array.of(0x60, 0x31, 0, 0x31, 0x13, 0x12)

export const postFrame = (frame: Uint8Array): HttpRequest => ({
  method: 'POST',
  path: '/v1/iso8583',
  headers: { 'content-type': 'x-ISO-TPDU/x-auth', 'content-length': String(frame.length) },
  body: Uint8Array.from(frame),
})
