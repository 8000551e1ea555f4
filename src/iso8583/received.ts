/** @module Parses received bytes to their message, and checks whether a message answers a request. */

import { err, ok, type Result } from '../domain/result.ts'
import { responseMti } from './answer.ts'
import { type Frame, parseFrame } from './frame.ts'
import { type Message, type PackForms, unpack } from './message.ts'
import type { Lrc } from './serial-frame.ts'

export interface Received {
  readonly frame: Frame
  readonly message: Message
}

/** The message in a frame, behind a header of 6 bytes unless `headerLength` says otherwise. The error names the fault and never contains content. */
export function readMessage(
  bytes: Uint8Array,
  lrc: Lrc,
  { headerLength, entryMode }: { headerLength?: number; entryMode?: PackForms['entryMode'] } = {},
): Result<Received, string> {
  const frame = parseFrame(bytes, lrc, headerLength)
  if (!frame.ok) return err(frame.error.kind === 'lrc' ? 'the serial frame is broken' : frame.error.why)
  const message = unpack(frame.value.body, entryMode)
  if (!message.ok) return err(`field ${message.error.field}: ${message.error.why}`)
  return ok({ frame: frame.value, message: message.value })
}

/**
 * The reason why a message does not answer this request: its MTI, or a field of `echoed` that differs. Null when it
 * answers.
 */
export function echoFault(request: Message, answer: Message, echoed: readonly number[]): string | null {
  if (answer.mti !== responseMti(request.mti)) return `MTI ${answer.mti} does not answer ${request.mti}`
  const differing = echoed.find(
    (number) => request.fields.has(number) && answer.fields.get(number) !== request.fields.get(number),
  )
  return differing === undefined ? null : `field ${differing} is not the request's`
}
