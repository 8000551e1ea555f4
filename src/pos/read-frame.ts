/** @module Reads one frame: its message, or the reason why it has none. Nothing is logged or counted here. */

import type { Core } from '../core/instance.ts'
import type { Result } from '../domain/result.ts'
import { isRequest } from '../iso8583/answer.ts'
import { hasReversalClass, isReversalMti } from '../iso8583/cup.ts'
import { parseFrame } from '../iso8583/frame.ts'
import { locateMessage, possibleMtis } from '../iso8583/header.ts'
import { type FormatError, type Message, mtiOf, unpack } from '../iso8583/message.ts'
import { type PosHead, type PosMessage, parsePosHead } from '../iso8583/pos-message.ts'
import { readReversal } from '../iso8583/reversal.ts'

export type ReadFrame =
  | {
      readonly kind: 'message'
      readonly head: PosHead
      /** Present if the rest of the message is parsed already. */
      readonly posMessage?: PosMessage
    }
  | {
      readonly kind: 'unreadable'
      /** A serial frame that is broken. */
      readonly isBroken: boolean
      /** Why the frame has no request. Null: the bytes are no frame. */
      readonly fault: Pick<FormatError, 'field' | 'why'> | null
      /** The message may be a reversal. Then it gets no answer. */
      readonly mayReverse: boolean
    }

export function readFrame({ lrc }: Pick<Core, 'lrc'>, bytes: Uint8Array): ReadFrame {
  const frame = parseFrame(bytes, lrc)
  if (!frame.ok)
    return { kind: 'unreadable', isBroken: frame.error.kind === 'lrc', fault: null, mayReverse: false }
  const found = locateMessage(frame.value, bytes, lrc, readBody)
  if (found.ok && isRequest(mtiOf(found.value.frame.body)))
    return { kind: 'message', head: parsePosHead(found.value.frame, found.value.message) }
  const fault = found.ok ? { field: 'mti' as const, why: 'not a request' } : found.error
  const mtis = found.ok ? [] : possibleMtis(frame.value, bytes, lrc)
  const mayReverse = mtis.some((mti) => hasReversalClass(mti) && isRequest(mti))
  return { kind: 'unreadable', isBroken: false, fault, mayReverse }
}

/** A reversal is read with less than every other message needs. */
const readBody = (body: Uint8Array): Result<Message, FormatError> =>
  isReversalMti(mtiOf(body)) ? readReversal(body) : unpack(body)
