/** @module `annul describe --why`: what is wrong with a frame for the profile of its terminal, and its MAC step by step. */

import { toHex } from '../../iso8583/hex.ts'
import { hasBit, macInput } from '../../iso8583/message.ts'
import { loadCore } from '../lib/core.ts'
import { type Cut, cutFields } from './cut.ts'
import type { Remark } from './field-faults.ts'
import { findMac, type MacCheck, type TriedKey } from './mac-mistakes.ts'
import { type MacSteps, macFormFault, macSteps } from './mac-steps.ts'
import { type Expected, isWhole, messageRemarks, verdictOf } from './message-faults.ts'
import { type Opened, openFrame } from './open-frame.ts'
import { fieldHex, shownBytes } from './shown-bytes.ts'

export interface WhyField {
  readonly number: number
  /** Offset in the input of the length, or of the value of a fixed field. */
  readonly at: number
  /** Bytes with the length in front. */
  readonly bytes: number
  /** Digits, characters or bytes of the value. */
  readonly length: number
  /** Hex with `**` for a masked byte. */
  readonly hex: string
}

export interface Why {
  readonly frame: {
    readonly kind: Opened['kind']
    readonly tpdu?: string
    readonly header: string
    readonly messageAt: number
  }
  readonly fields: readonly WhyField[]
  /** In the order of the bytes; `isFault`: the service refuses the message for it. */
  readonly remarks: readonly Remark[]
  /** The answer of the service before it looks at the MAC. Null: nothing is wrong with the form. */
  readonly verdict: string | null
  readonly mac: MacSteps & {
    readonly profile: string
    /** Absent without a key or a field 64. */
    readonly proof?: MacCheck
  }
}

/** Never throws. It zeroes the keys. */
export async function explainFrame(
  input: Uint8Array,
  expected: Expected,
  keys: readonly TriedKey[],
): Promise<Why> {
  const { profile } = expected
  const opened = openFrame(input, profile)
  const { kind, tpduAt, header, body, bodyAt } = opened
  const cut = cutFields(body, profile.entryMode)
  const isShown = shownBytes(body, cut)
  const covered = macInput(body)
  const proof = await proofOf(input, opened, profile.macProfile, keys)
  return {
    frame: {
      kind,
      ...(tpduAt === null ? {} : { tpdu: toHex(input.subarray(tpduAt, tpduAt + 5)) }),
      header: toHex(header),
      messageAt: bodyAt,
    },
    fields: cut.fields.map(({ spec, at, end, count }) => ({
      number: spec.number,
      at: bodyAt + at,
      bytes: end - at,
      length: count,
      hex: fieldHex(body, isShown, at, end),
    })),
    remarks: [...messageRemarks(opened, cut, expected), ...macRemarks(opened, cut, expected, proof)],
    verdict: verdictOf(opened, profile),
    mac: {
      profile: profile.macProfile,
      ...macSteps(covered, bodyAt, isShown, profile.macProfile),
      ...(proof === undefined ? {} : { proof }),
    },
  }
}

const hasMac = (body: Uint8Array): boolean => body.length >= 18 && hasBit(body, 64)

async function proofOf(
  input: Uint8Array,
  { tpduAt, bodyAt, body }: Opened,
  profile: Expected['profile']['macProfile'],
  keys: readonly TriedKey[],
): Promise<MacCheck | undefined> {
  if (keys.length === 0 || !hasMac(body)) return undefined
  const end = bodyAt + body.length
  const mac = body.slice(-8)
  return findMac(await loadCore(), { profile, mac, input, tpduAt, bodyAt, end }, keys)
}

function macRemarks(
  { body, bodyAt }: Opened,
  cut: Cut,
  { profile }: Expected,
  proof: MacCheck | undefined,
): Remark[] {
  const at = bodyAt + body.length - 8
  if (!hasMac(body)) {
    const isSettlement = /^0[35]/.test(cut.mti) && profile.settlementMac === 'optional'
    const isManagement = /^08/.test(cut.mti)
    return [{ field: 64, why: 'there is no MAC', isFault: !isSettlement && !isManagement }]
  }
  if (proof?.isRight) return []
  const form = macFormFault(body.subarray(-8), profile.macProfile)
  const ofForm: Remark[] =
    form === null || !isWhole(body, cut) ? [] : [{ field: 64, at, why: form, isFault: true }]
  if (proof === undefined) return ofForm
  const { mistakes } = proof
  const none = 'the MAC is wrong, and no usual mistake explains it'
  const ofKey =
    mistakes.length === 0 ? [none] : mistakes.map((mistake) => `the MAC is wrong: it is right if ${mistake}`)
  return [...ofForm, ...ofKey.map((why): Remark => ({ field: 64, at, why, isFault: true }))]
}

/** The report as text. */
export function whyText({ frame, fields, remarks, verdict, mac }: Why): string {
  const { kind, tpdu, header, messageAt } = frame
  const ofHeader = header === '' ? 'no header' : `header ${header} (${header.length / 2} bytes)`
  const place = ({ field, at }: Remark): string => {
    const name = typeof field === 'number' ? `field ${field}` : field
    return at === undefined ? name : `${name}, byte ${at}`
  }
  const lines = [
    `${kind === 'bare' ? 'bare message' : `${kind} frame, TPDU ${tpdu}, ${ofHeader}`}; the message begins at byte ${messageAt}`,
    ...fields.map(
      ({ number, at, bytes, length, hex }) =>
        `${String(number).padStart(4)}  byte ${at}, ${bytes} bytes, length ${length}: ${hex}`,
    ),
    remarks.length === 0 ? 'nothing is wrong' : 'what is wrong (!) or unusual (-):',
    ...remarks.map((remark) => `  ${remark.isFault ? '!' : '-'} ${place(remark)}: ${remark.why}`),
    ...(verdict === null ? [] : [verdict]),
    `MAC ${mac.profile}: bytes ${mac.from} to ${mac.to - 1}, ${mac.to - mac.from} bytes, ${mac.zeros} bytes 00 behind them`,
    ...mac.blocks.map(
      ({ block, xor }, i) => `  block ${i + 1}: ${block}${xor === undefined ? '' : `  XOR ${xor}`}`,
    ),
    ...mac.steps.map((step) => `  ${step}`),
    ...(mac.proof?.isRight ? [`the MAC is right under the ${mac.proof.key}`] : []),
  ]
  return lines.join('\n')
}
