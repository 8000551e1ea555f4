/** @module The frames of a batch: each is answered as a request of its own, and they share sets of the pipeline. */

import {
  type PosMessage,
  parsePosMessage,
  type TransactionMessage,
  unsupported,
} from '../iso8583/pos-message.ts'
import { together } from '../pipeline/databases.ts'
import type { Services } from '../pipeline/services.ts'
import { exchange, type Visit } from './exchange.ts'
import { createFrameOrder } from './frame-order.ts'
import { type ReadFrame, readFrame } from './read-frame.ts'
import { refuse } from './reply.ts'
import { type Answers, SILENCE, type TerminalReply } from './reply-cache.ts'

type Bytes = Uint8Array<ArrayBuffer>

export interface BatchOptions {
  readonly visit: Visit
  readonly answers: Answers
  /** Settles when the replies are there, or at the deadline of the batch. */
  readonly until: (work: Promise<unknown>) => Promise<unknown>
  readonly deadlineMs: number
}

/**
 * Answers the frames. Replies are in the order of the frames. A frame without a reply at the deadline gets none, and one that has not
 * begun until then does not begin.
 */
export async function answerBatch(
  services: Services,
  frames: readonly Bytes[],
  { visit, answers, until, deadlineMs }: BatchOptions,
): Promise<readonly TerminalReply[]> {
  const { admission, source, waitUntil } = visit
  const digests = await Promise.all(frames.map((bytes) => services.keyring.fingerprint('content', bytes)))
  const order = createFrameOrder((terminalId) => admission.terminals.isKnown({ terminalId, source }))
  const first = new Map<string, Promise<TerminalReply>>()
  let isOver = false

  /** Begins with a frame, unless it is a copy of an earlier one. */
  function begin(bytes: Bytes, digest: string): Promise<TerminalReply> {
    const copied = first.get(digest)
    if (copied !== undefined) return copied
    const frame = readFrame(services.core, bytes)
    const posMessage = frame.kind === 'message' ? parsePosMessage(frame.head) : null
    const run = async () =>
      isOver
        ? SILENCE
        : answers.once(bytes, digest, () => answer(services, frame, posMessage, visit), waitUntil, deadlineMs)
    const reply = posMessage?.kind === 'transaction' ? order(posMessage, run) : run()
    // A copy of a reversed message is refused. So a copy behind a reversal is a frame of its own.
    if (posMessage?.kind === 'transaction' && isReversal(posMessage)) first.clear()
    first.set(digest, reply)
    return reply
  }

  const begun = together(services, () => frames.map((bytes, i) => begin(bytes, digests[i] ?? '')))
  const replies: TerminalReply[] = frames.map(() => SILENCE)
  const noted = begun.map(async (reply, i) => {
    try {
      replies[i] = await reply
    } catch (error) {
      services.log('error', { error: error instanceof Error ? error.name : 'not an error' })
    }
  })
  await until(Promise.all(noted))
  isOver = true
  return replies
}

const isReversal = ({ type }: TransactionMessage): boolean =>
  type === 'sale_reversal' || type === 'void_reversal'

/** Sign-on, sign-off and echo have queries of their own, beside the sets. So a batch does not take them. */
async function answer(
  services: Services,
  frame: ReadFrame,
  posMessage: PosMessage | null,
  visit: Visit,
): Promise<TerminalReply> {
  if (posMessage === null) return exchange(services, frame, visit)
  // Its answer would be serial too, and nobody could tell where it ends.
  if (posMessage.frame.kind === 'serial') return exchange(services, SERIAL, visit)
  if (posMessage.kind === 'management')
    return refuse(services, unsupported(posMessage), 'unsupported_transaction')
  return exchange(services, { kind: 'message', head: posMessage, posMessage }, visit)
}

const SERIAL: ReadFrame = { kind: 'unreadable', isBroken: false, fault: null, mayReverse: false }
