/** @module The faults of a message for its terminal: the fields in their places, what is missing, and the answer of the service. */

import type { TerminalProfile } from '../../domain/terminal-profile.ts'
import { isRequest } from '../../iso8583/answer.ts'
import {
  field60Of,
  formatFault,
  hasReversalClass,
  identityOf,
  MANDATORY,
  transactionTypeOf,
} from '../../iso8583/cup.ts'
import { mtiOf, unpack } from '../../iso8583/message.ts'
import { parsePosHead, parsePosMessage } from '../../iso8583/pos-message.ts'
import { faultOfHeader, profileFault, readAs } from '../../iso8583/profile-fault.ts'
import { type Cut, LENGTH_MISTAKES, lengthMistakes } from './cut.ts'
import { type Remark, remarksOf } from './field-faults.ts'
import { type Opened, readBody } from './open-frame.ts'

/** The terminal that the sender means. */
export interface Expected {
  readonly profile: TerminalProfile
  readonly terminalId?: string | undefined
  readonly merchantId?: string | undefined
}

export function messageRemarks(opened: Opened, cut: Cut, expected: Expected): Remark[] {
  const { body, bodyAt, faults, notes } = opened
  const { profile } = expected
  const context = { body, bodyAt, mti: cut.mti, profile }
  return [
    ...faults.map(
      (why): Remark => ({ field: why.startsWith('the header') ? 'header' : 'frame', why, isFault: true }),
    ),
    ...notes.map((why): Remark => ({ field: 'frame', why, isFault: false })),
    ...cut.fields.flatMap((field) => remarksOf(field, context)),
    ...unreadable(cut, bodyAt),
    ...cutRemarks(opened, cut, profile),
    ...wholeRemarks(opened, expected),
  ]
}

/** Tracks that are neither clear nor encrypted. Their bytes have a form, so no other rule names them. */
const unreadable = ({ fields }: Cut, bodyAt: number): Remark[] =>
  fields
    .filter(
      ({ spec, value }) =>
        (spec.number === 35 || spec.number === 36) &&
        /[^0-9D]/.test(value ?? '') &&
        fields.find((one) => one.spec.number === 53)?.value?.[2] !== '1',
    )
    .map(({ spec, from }) => ({
      field: spec.number,
      at: bodyAt + from,
      why: 'it has other digits than 0 to 9 and D, and field 53 does not say that it is encrypted',
      isFault: true,
    }))

/** Where the message cannot be cut, and the one mistake that would explain it. */
function cutRemarks(
  { body, bodyAt }: Opened,
  { error, fields, mti }: Cut,
  profile: TerminalProfile,
): Remark[] {
  const isWhole = error === undefined && fields.every(({ value }) => value !== undefined)
  if (isWhole) return []
  const guesses = lengthMistakes(body, profile.entryMode)
  const perhaps = guesses.length > 1 ? 'perhaps ' : ''
  const isFault = !(hasReversalClass(mti) && readBody(body).ok)
  return [
    ...(error === undefined ? [] : [{ field: error.field, at: bodyAt + error.at, why: error.why, isFault }]),
    ...guesses.map(
      ({ number, mistake }): Remark => ({
        field: number,
        why: `${perhaps}${LENGTH_MISTAKES[mistake]}`,
        isFault,
      }),
    ),
  ]
}

/** The faults that show only when the message can be read: of its transaction, its fields and its terminal. */
function wholeRemarks({ body }: Opened, { profile, terminalId, merchantId }: Expected): Remark[] {
  const read = readBody(body)
  if (!read.ok) return []
  const message = read.value
  const identity = identityOf(message)
  const found: Remark[] = []
  const fault = (field: Remark['field'], why: string) => found.push({ field, why, isFault: true })
  for (const [number, given, right] of [
    [41, identity.terminalId, terminalId],
    [42, identity.merchantId, merchantId],
  ] as const) {
    if (!message.fields.has(number)) fault(number, 'it is missing')
    else if (right !== undefined && given !== right) fault(number, 'it names another one')
  }
  const type = transactionTypeOf(message)
  if (type === undefined) {
    fault('mti', 'MTI and fields 3, 25 and 60 name no transaction that Annul processes')
    return found
  }
  const isChip = type === 'upload' && field60Of(message.fields).networkManagementCode !== '201'
  for (const number of MANDATORY[type])
    if (!message.fields.has(number) && !(number === 48 && isChip)) fault(number, 'it is missing')
  if (type === 'void' && !message.fields.has(61) && !message.fields.has(37))
    fault(61, 'it is missing, and field 37 does not name the sale either')
  const pans = [message.fields.get(2), message.fields.get(35)?.split('D')[0]]
  if (formatFault(type, message, profile.voidForms) === 35 && pans[0] !== undefined && pans[0] !== pans[1])
    fault(35, 'its card number is not that of field 2')
  return found
}

/** The answer of the service before it looks at the MAC and the state. Null: nothing is wrong with its form. */
export function verdictOf(
  { kind, header, body, faults, bodyAt, tpduAt }: Opened,
  profile: TerminalProfile,
): string | null {
  const mti = mtiOf(body)
  const isBroken = kind === 'bare' || faults.some((why) => !why.startsWith('the header'))
  if (kind === 'serial' && isBroken)
    return 'the service answers NAK with HTTP 400: the serial frame is broken'
  const message = readBody(body)
  if (isBroken || !message.ok || !isRequest(mti)) {
    const isSilent = !isBroken && hasReversalClass(mti) && isRequest(mti)
    return isSilent
      ? 'the service does not answer: the reversal cannot be read'
      : 'the service answers HTTP 400: it cannot read a request'
  }
  const tpdu = body.subarray(0, 0)
  const parsed = parsePosMessage(
    parsePosHead({ kind: kind === 'serial' ? 'serial' : 'tpdu', tpdu, header, body }, message.value),
  )
  if (parsed.type === undefined) return 'the service answers 40: it does not process this transaction'
  if (parsed.kind === 'management') {
    const fault = parsed.fault ?? faultOfHeader(header, profile)?.field
    return fault === undefined ? null : `the service answers 30: ${fault}`
  }
  const fault = profileFault(readAs(parsed, profile), profile)
  const at = tpduAt === null ? '' : `, the message begins at byte ${bodyAt}`
  return fault === null ? null : `the service answers 30: field ${fault.field} ${fault.why}${at}`
}

/** Whether the message can be read from end to end, every field. */
export const isWhole = (body: Uint8Array, { error, fields }: Cut): boolean =>
  error === undefined && fields.every(({ value }) => value !== undefined) && unpack(body).ok
