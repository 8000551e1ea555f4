/** @module One exchange of the own terminal: packs, signs, frames, sends, and checks what comes back. */

import { type MicroMessage, microPack, microUnpack } from '../micro-iso8583.ts'
import { checkAnswer, wantsMac } from './checks.ts'
import { type OwnMacProfile, ownMac } from './keys.ts'
import { framed, unframed } from './line.ts'
import type { OwnSettings } from './settings.ts'

/** The line to the acquirer: bytes there, bytes back. Null: nothing came back. */
export type Carry = (frame: Uint8Array) => Promise<Uint8Array | null>

/** The result of an exchange. */
export interface Received {
  /** Null: nothing that it believes. */
  readonly answer: MicroMessage | null
  /** Field 39; `11` and so on from field 48 of a settlement; empty without an answer. */
  readonly code: string
  readonly signOnAgain: boolean
  /** Why the answer is not believed. */
  readonly fault?: string
  readonly isMacWrong?: boolean
}

const NOTHING: Received = { answer: null, code: '', signOnAgain: false }
const MAC_DIGITS = 16

/** The message as hex, with its MAC if there is a key. */
function packed(
  { forms, macProfile }: OwnSettings,
  message: MicroMessage,
  macKey: Uint8Array | null,
): string {
  if (macKey === null) return microPack(message, forms)
  const blank = { ...message, fields: new Map([...message.fields, [64, '0'.repeat(MAC_DIGITS)] as const]) }
  const covered = microPack(blank, forms).slice(0, -MAC_DIGITS)
  return covered + ownMac(macProfile, macKey, covered)
}

/** Sends a message and checks its answer. `now` is the clock of the terminal in milliseconds since the epoch. */
export async function exchange(
  settings: OwnSettings,
  carry: Carry,
  message: MicroMessage,
  macKey: Uint8Array | null,
  now: () => number,
): Promise<Received> {
  const frame = framed(settings.line, packed(settings, message, macKey))
  const bytes = await carry(frame)
  if (bytes === null) return NOTHING
  try {
    return readAnswer(settings, message, bytes, macKey, now())
  } catch (error) {
    if (error instanceof RangeError) return { ...NOTHING, fault: error.message }
    throw error
  }
}

function readAnswer(
  settings: OwnSettings,
  sent: MicroMessage,
  bytes: Uint8Array,
  macKey: Uint8Array | null,
  now: number,
): Received {
  const { message, signOnAgain } = unframed(settings.line, bytes)
  const answer = microUnpack(message, settings.forms)
  if (microPack(answer, settings.forms) !== message) throw new RangeError('answer: not packed as it reads')
  checkAnswer(settings, sent, answer, now)
  const request = macKey === null ? sent : { ...sent, fields: new Map([...sent.fields, [64, '']]) }
  const wanted = wantsMac(request, answer)
  const mac = answer.fields.get(64)
  if (wanted !== 'either' && wanted !== (mac !== undefined))
    return { ...NOTHING, fault: wanted ? 'no MAC' : 'a MAC without a reason', isMacWrong: true }
  if (mac !== undefined && !isRight(settings.macProfile, macKey, message))
    return { ...NOTHING, fault: 'the MAC is wrong', isMacWrong: true }
  const totals = answer.fields.get(48) ?? ''
  const code = answer.fields.get(39) ?? `${totals[30]}${totals[61]}`
  const asksSignOn = code === '77' || code === 'A0'
  if (signOnAgain !== undefined && signOnAgain !== asksSignOn)
    throw new RangeError('header: the requirement of a sign-on')
  return { answer, code, signOnAgain: asksSignOn }
}

const isRight = (profile: OwnMacProfile, macKey: Uint8Array | null, message: string): boolean =>
  macKey !== null && ownMac(profile, macKey, message.slice(0, -MAC_DIGITS)) === message.slice(-MAC_DIGITS)
