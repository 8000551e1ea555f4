/** @module The messages of test/vectors/cup-flow.json, for the terminal's tests. */

import type { Message } from '../../src/iso8583/message.ts'
import flow from '../vectors/cup-flow.json' with { type: 'json' }

export type GoldenName = keyof typeof flow.data.messages

export function goldenMessage(name: GoldenName): Message {
  const { mti, fields } = flow.data.messages[name]
  return { mti, fields: new Map(Object.entries(fields).map(([number, value]) => [Number(number), value])) }
}
