/**
 * @module The order of the frames of a batch. Frames of different terminals run side by side. Sales and voids of one terminal do too,
 * unless they name the same message or sale. Every other message of a terminal runs after those before it, and before those after it.
 */

import type { TransactionMessage } from '../iso8583/pos-message.ts'

type Ordered = Pick<TransactionMessage, 'type' | 'identity' | 'messageKey' | 'sale'>

/** Runs each frame after the earlier ones that it depends on: at once if there is none. Call it in the order of the frames. */
export type FrameOrder = <T>(posMessage: Ordered, run: () => Promise<T>) => Promise<T>

/** The frames of a terminal so far. */
interface Lane {
  /** All frames up to the last one that ran alone. */
  before: Promise<unknown> | null
  /** The frames since then. */
  since: { readonly names: readonly string[]; readonly ended: Promise<unknown> }[]
}

/**
 * `isKnown`: whether a terminal has proved itself. The first frame of one that has not runs alone, so that the frames behind it do not count
 * as guesses of MACs.
 */
export function createFrameOrder(isKnown: (terminalId: string) => boolean): FrameOrder {
  const lanes = new Map<string, Lane>()
  return (posMessage, run) => {
    const { terminalId } = posMessage.identity
    const isFirst = !lanes.has(terminalId)
    const lane: Lane = lanes.get(terminalId) ?? { before: null, since: [] }
    lanes.set(terminalId, lane)
    const names = namesOf(posMessage)
    const runsAlone = names === null || (isFirst && !isKnown(terminalId))
    const related = lane.since.filter(
      (one) => names === null || one.names.some((name) => names.includes(name)),
    )
    const waits = [lane.before, ...related.map(({ ended }) => ended)].filter((one) => one !== null)
    const result = waits.length === 0 ? run() : Promise.all(waits).then(run)
    const ended = result.catch(() => undefined)
    if (runsAlone) {
      lane.before = ended
      lane.since = []
    } else lane.since.push({ names, ended })
    return result
  }
}

/** The names of its own message and of its sale. Null: the message runs alone. */
function namesOf({ type, messageKey, sale }: Ordered): readonly string[] | null {
  if (type !== 'sale' && type !== 'void') return null
  return [messageKey, sale.saleKey, sale.saleRrn].filter((name) => name !== undefined)
}
