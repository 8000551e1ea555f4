/** @module What came over a wire, opened down to its message, and whether it answers what was asked. */

import { err, ok, type Result } from '../domain/result.ts'
import { responseMti } from './answer.ts'
import { type Frame, parseFrame } from './frame.ts'
import { type Message, unpack } from './message.ts'
import type { Lrc } from './serial-frame.ts'

export interface Received {
  readonly frame: Frame
  readonly message: Message
}

/** The message in a frame; the error says what is wrong and never holds content. */
export function readMessage(bytes: Uint8Array, lrc: Lrc): Result<Received, string> {
  const frame = parseFrame(bytes, lrc)
  if (!frame.ok) return err(frame.error.kind === 'lrc' ? 'the serial frame is broken' : frame.error.why)
  const message = unpack(frame.value.body)
  if (!message.ok) return err(`field ${message.error.field}: ${message.error.why}`)
  return ok({ frame: frame.value, message: message.value })
}

/** What shows that a message is no answer to this request: its MTI, or a field of those named that was not echoed. */
export function echoFault(request: Message, answer: Message, echoed: readonly number[]): string | null {
  if (answer.mti !== responseMti(request.mti)) return `MTI ${answer.mti} answers no ${request.mti}`
  const differing = echoed.find(
    (number) => request.fields.has(number) && answer.fields.get(number) !== request.fields.get(number),
  )
  return differing === undefined ? null : `field ${differing} is not the request's`
}
