/**
 * @module The messages of vectors/cup-flow.json, and a terminal that can send them: its keys, in batch
 * 000007.
 */

import { microMac } from '../support/micro-mac.ts'
import flow from '../vectors/cup-flow.json'
import * as s from './support.ts'
import { bytes, sixDigits, type TestTerminal } from './terminal.ts'

export type FlowName = keyof typeof flow.data.messages

export interface FlowMessage {
  /** The whole frame. */
  readonly frame: Uint8Array
  readonly mti: string
  /** The numbers of its fields, from the bitmap. */
  readonly numbers: readonly number[]
  readonly fields: Readonly<Record<string, string>>
}

const numbersOf = (bitmap: string): number[] =>
  [...bytes(bitmap)].flatMap((byte, i) =>
    [0, 1, 2, 3, 4, 5, 6, 7].flatMap((bit) => (byte & (0x80 >> bit) ? [8 * i + bit + 1] : [])),
  )

export function flowOf(name: FlowName): FlowMessage {
  const { hex, mti, bitmap, fields } = flow.data.messages[name]
  return { frame: bytes(hex), mti, numbers: numbersOf(bitmap), fields }
}

/** A golden frame with some bytes replaced (found by their hex, once each) and a new MAC. */
export function adjusted(name: FlowName, changes: Readonly<Record<string, string>>): Uint8Array {
  const { frame } = flowOf(name)
  let hex = flow.data.messages[name].hex
  for (const [from, to] of Object.entries(changes)) {
    const at = hex.indexOf(from, 46)
    if (at < 0 || from.length !== to.length) throw new Error(`${name}: ${from} is not there`)
    hex = hex.slice(0, at) + to + hex.slice(at + from.length)
  }
  const result = bytes(hex)
  if (flow.data.messages[name].mac === null) return result
  const macAt = frame.length - 8
  result.set(microMac('cup-ecb', bytes(s.MAK), result.subarray(13, macAt)), macAt)
  return result
}

export const asciiHex = (text: string): string =>
  [...text].map((character) => character.charCodeAt(0).toString(16).toUpperCase()).join('')

/** The terminal of the flow, provisioned, with its MAC key, after six settled batches. */
export async function openFlowTerminal(
  isolate: s.Isolate,
  names = { tid: s.TID, mid: s.MID },
): Promise<void> {
  await s.provision(isolate, {}, names)
  await s.installKey(isolate, s.MAK, names)
  const key = await s.bearerKey(null)
  for (let n = 1; n <= 6; n++) {
    const sale = { batchNumber: sixDigits(n), stan: '000001', amount: 100 }
    const capturedSale = { merchantId: names.mid, terminalId: names.tid, ...sale }
    await s.ask(isolate, key, 'POST', '/v1/sales', capturedSale)
    const totals = s.totalsOf(100, 1, 0, 0)
    const message = s.from(s.aSettlement({ batch: sixDigits(n), stan: '000002' }, totals), names)
    await s.send(isolate, message, null)
  }
}

/**
 * Captures the flow's sale with the RRN and authorisation code that the flow's void names, so that the void
 * needs no change.
 */
export async function captureFlowSale(
  isolate: s.Isolate,
  names: Pick<TestTerminal, 'tid' | 'mid'> = { tid: s.TID, mid: s.MID },
  { batchNumber = '000007', rrn = '101530000002' } = {},
) {
  const key = await s.bearerKey(names.mid)
  return s.ask(isolate, key, 'POST', '/v1/sales', {
    merchantId: names.mid,
    terminalId: names.tid,
    batchNumber,
    stan: '000002',
    amount: 1234,
    pan: s.PAN,
    rrn,
    authorizationCode: '123456',
  })
}
