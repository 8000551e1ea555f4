/** @module A terminal for one test, with a known key, so that tests of one file stay independent. */

import { macAlgorithmOf } from '../../src/domain/mac-profile.ts'
import { type MacProfile, type TerminalProfile, USUAL_FORMS } from '../../src/domain/terminal-profile.ts'
import { toHex } from '../../src/iso8583/hex.ts'
import type { Message } from '../../src/iso8583/message.ts'
import { microMac } from '../support/micro-mac.ts'
import * as s from './support.ts'

export interface SendOptions {
  /** The receiving isolate. The default is the one that the terminal was opened with. */
  readonly to?: s.Isolate
  /** Null: without a MAC. */
  readonly key?: s.Key | null
  readonly kind?: 'tpdu' | 'serial'
}

export interface TestTerminal {
  readonly tid: string
  readonly mid: string
  readonly key: s.Key
  readonly isolate: s.Isolate
  /** The bytes of a message as this terminal sends it. */
  frame(message: Message, sendOptions?: SendOptions): Uint8Array
  send(message: Message, sendOptions?: SendOptions): Promise<s.Reply>
}

let opened = 0

export const sixDigits = (n: number): string => String(n).padStart(6, '0')

/** A MAC key that fits the profile. */
export const keyFor = (profile: MacProfile): s.Key => ({
  algorithm: macAlgorithmOf(profile),
  mak: profile === 'cup-ecb' || profile === 'x9.9' ? s.MAK : '0123456789ABCDEFFEDCBA9876543210',
})

/** Provisions a terminal with `body` and installs its key. */
export async function openTerminal(
  isolate: s.Isolate,
  options: { mid?: string; tid?: string; body?: Partial<TerminalProfile>; hasKey?: boolean } = {},
): Promise<TestTerminal> {
  opened += 1
  const { mid = s.MID, body = {}, hasKey = true } = options
  const given = options.tid ?? `T${String(opened).padStart(7, '0')}`
  const key = keyFor(body.macProfile ?? 'cup-ecb')
  await s.provision(isolate, body, { mid, tid: given })
  // As field 41 has it.
  const tid = given.padEnd(8)
  if (hasKey) await s.installKey(isolate, key.mak, { mid, tid })
  const frame = (message: Message, sendOptions: SendOptions = {}) =>
    s.frameOf(
      sendOptions.to ?? isolate,
      s.from(message, { mid, tid }),
      sendOptions.key === undefined ? key : sendOptions.key,
      sendOptions.kind,
      { ...USUAL_FORMS, ...body },
    )
  const send = async (message: Message, sendOptions: SendOptions = {}) =>
    s.read(await s.post(sendOptions.to ?? isolate, frame(message, sendOptions)))
  return { tid, mid, key, isolate, frame, send }
}

/** Sends a sale and returns what a void of it needs. */
export async function sell(terminal: TestTerminal, stan: string, amount = 1234, batch = '000001') {
  const reply = await terminal.send(s.aSale({ stan, amount, batch }))
  if (reply.fields.get(39) !== '00') throw new Error(`sale ${stan}: ${reply.status} ${reply.fields.get(39)}`)
  return { original: stan, rrn: reply.fields.get(37) ?? '', amount, batch }
}

/** `none`, or whether field 64 is what an independent implementation computes. */
export function macOf({ fields, body }: s.Reply, { algorithm, mak }: s.Key): 'none' | 'right' | 'wrong' {
  const given = fields.get(64)
  if (given === undefined) return 'none'
  const expected = microMac(algorithm, bytes(mak), body.subarray(0, body.length - 8))
  return toHex(expected) === given ? 'right' : 'wrong'
}

export const bytes = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))

export const hexOf = (data: Uint8Array): string => toHex(data)

/**
 * The texts of a reason in field 63, as the terminal's printer decodes them: acquirer's text, terminal's
 * text.
 */
export function textsOf({ fields }: s.Reply, encoding: 'gbk' | 'ascii'): [string, string] {
  const text = bytes(fields.get(63) ?? '')
  const decode = (part: Uint8Array) =>
    new TextDecoder(encoding === 'gbk' ? 'gbk' : 'ascii').decode(part).trim()
  return [decode(text.subarray(43, 63)), decode(text.subarray(63))]
}
