/**
 * @module An attacker on the way of a terminal with an odd card number. A pad of F in place of 0, or the reverse, changes four bits of a
 * block of the MAC. A digit from 6 to 9 in another block takes the change back where the MAC folds: a 6 becomes a 9.
 */

import { FIELDS_START, type Message, wireLengthOf } from '../../src/iso8583/message.ts'
import { readMessage } from '../../src/iso8583/received.ts'
import { ELEMENTS } from '../../src/iso8583/spec.ts'
import { must } from './checks.ts'
import { type ActorContext, Power } from './context.ts'
import { streamOf } from './further.ts'
import { ATTACKER } from './platform/network.ts'
import type { Random } from './platform/random.ts'
import { postFrame } from './wire.ts'

const DEADLINE_MS = 20_000
/** Bytes of a block of the MAC. */
const BLOCK = 8
/** Bytes of length, TPDU and header before the message. */
const BEFORE = 13
/** The field whose digits an attacker would change. */
const AMOUNT = 4

/** The place behind the field in the message. */
function endOf(field: number, { fields }: Message): number {
  let at = FIELDS_START
  for (const spec of ELEMENTS) {
    const value = spec.number > field ? undefined : fields.get(spec.number)
    if (value !== undefined) at += wireLengthOf(spec, value)
  }
  return at
}

/** The sale with another pad and another digit of its amount, and the same folded blocks. Null where no digit fits. */
function foldedPad(frame: Uint8Array, message: Message): Uint8Array | null {
  const { mti, fields } = message
  if (mti !== '0200' || (fields.get(2)?.length ?? 0) % 2 === 0 || !fields.has(AMOUNT)) return null
  const pad = endOf(2, message) - 1
  for (let at = endOf(3, message); at < endOf(AMOUNT, message); at++) {
    const byte = frame[BEFORE + at] ?? 0
    if ((at - pad) % BLOCK !== 0 || (byte & 0x0f) < 6) continue
    const forged = Uint8Array.from(frame)
    forged[BEFORE + pad] = (forged[BEFORE + pad] ?? 0) ^ 0x0f
    forged[BEFORE + at] = byte ^ 0x0f
    return forged
  }
  return null
}

/** Whether an answer approves the forged amount. The answer of another message may arrive in its place. */
const isForgedApproval = (
  answered: ReadonlyMap<number, string>,
  sent: Message['fields'] = new Map(),
): boolean =>
  answered.get(39) === '00' &&
  [11, 41].every((number) => answered.get(number) === sent.get(number)) &&
  answered.get(AMOUNT) !== sent.get(AMOUNT)

export class PadForger {
  isDone = false
  readonly #context: ActorContext
  readonly #random: Random

  constructor(context: ActorContext, random: Random) {
    this.#context = context
    this.#random = random
  }

  /** Watches for this many messages, and sends the forged one beside the true one. None may be approved. */
  start(messages: number, pause: number): void {
    const { scheduler, act, observed, network, kinds, core } = this.#context
    act(new Power(ATTACKER), async () => {
      for (let i = 0; i < messages; i++) {
        await Promise.race([network.next(), scheduler.sleep(this.#random.delay(pause))])
        const latest = observed.at(-1)
        const forged = latest === undefined ? null : foldedPad(latest.frame, latest.message)
        if (forged === null) {
          await scheduler.sleep(1)
          continue
        }
        kinds.note('forged pads')
        const reply = await network.send(postFrame(forged), DEADLINE_MS)
        const read = reply?.status === 200 ? readMessage(reply.body, core.lrc) : null
        const answered = read?.ok === true ? read.value.message.fields : new Map<number, string>()
        must(
          !isForgedApproval(answered, latest?.message.fields),
          'a sale with a forged pad and amount is approved',
        )
      }
      this.isDone = true
    })
  }
}

/** In a third of the worlds. */
export function drawPadForger(context: ActorContext, seed: number): PadForger | null {
  const random = streamOf(seed, 'pads')
  return random.chance(0.33) ? new PadForger(context, random) : null
}
