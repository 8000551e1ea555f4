/**
 * @module The settlement of a day with the acquirer (0500, repeated as 0501; protocol.md §3.9). It names the institution and the day,
 * and has totals in field 48 and a MAC. Only an answer with a right MAC counts.
 */

import { cutTotals, NO_TOTALS, readTotals, settlementTotals } from '../domain/money.ts'
import type { Totals } from '../domain/totals.ts'
import { buildFrame } from '../iso8583/frame.ts'
import { packSigned } from '../iso8583/mac.ts'
import type { Message } from '../iso8583/message.ts'
import { readMessage } from '../iso8583/received.ts'
import { integrityFault, isSignOnCode, type ResponseRules, WRONG_MAC } from './check-response.ts'
import { type InstitutionOptions, institutionFault, institutionMessage } from './institution.ts'
import { type AcquirerKeys, newestKey } from './keys.ts'
import type { DayRequest, DayResponse } from './port.ts'
import { meaningOf } from './response-codes.ts'

export interface SettleOptions extends InstitutionOptions, Pick<ResponseRules, 'macProfile'> {
  readonly keys: AcquirerKeys
}

/** 60.3 of a settlement. */
const SETTLEMENT = '201'

const unknown = (why: string): DayResponse => ({ kind: 'unknown', why })

/** The message without field 64. A repeat differs by its MTI only. */
const messageOf = (options: SettleOptions, request: DayRequest): Message =>
  institutionMessage(options, request.isRepeat ? '0501' : '0500', SETTLEMENT, request.stan, [
    [15, request.date],
    [48, settlementTotals(request.totals, { domestic: '0', foreign: '0' })],
    [49, request.currencyCode],
  ])

/** Sends the totals of a day, and compares them with those of the acquirer. Never throws. */
export async function settleAt(options: SettleOptions, request: DayRequest): Promise<DayResponse> {
  try {
    return await exchange(options, request)
  } catch (error) {
    // The name of an error is safe to log, its message is not.
    return unknown(error instanceof Error ? error.name : 'failed')
  }
}

async function exchange(options: SettleOptions, request: DayRequest): Promise<DayResponse> {
  const { core, macProfile, tpdu, header, send, keys } = options
  const key = await newestKey(keys)
  if (key === null) return unknown('no key of a sign-on')
  const { version, macKey } = key
  try {
    const sent = messageOf(options, request)
    const frame = buildFrame('tpdu', tpdu, header, packSigned({ core, macProfile, macKey }, sent), core.lrc)
    const answer = await send(frame)
    if (answer === null) return unknown('no answer')
    const read = readMessage(answer, core.lrc)
    if (!read.ok) return unknown(read.error)
    const { frame: received, message } = read.value
    const fault = institutionFault(sent, message)
    if (fault !== null) return unknown(fault)
    // The acquirer may have no key of ours to sign this with. The next repeat is under a new key.
    if (isSignOnCode(message) && keys.areRenewed) {
      await keys.renew(version)
      return unknown('the acquirer asks for a sign-on')
    }
    let integrity = integrityFault({ core, macProfile, macKey }, received.body, message)
    if (integrity === WRONG_MAC)
      for (const later of await keys.after(version)) {
        if (integrity === WRONG_MAC)
          integrity = integrityFault({ core, macProfile, macKey: later.macKey }, received.body, message)
        later.macKey.fill(0)
      }
    return integrity === null ? compare(request, message) : unknown(integrity)
  } finally {
    macKey.fill(0)
  }
}

/** The settlement code of a half that is equal, and of one that the acquirer cannot compare. */
const EQUAL = '1'
const ERROR = '3'

/** A terminal's answer has no field 39. One that is there is a refusal, unless it is 00. */
function compare({ totals, currencyCode }: DayRequest, { fields }: Message): DayResponse {
  const responseCode = fields.get(39) ?? '00'
  if (responseCode !== '00')
    return meaningOf(responseCode, 'requested') === 'unknown'
      ? unknown(`response code ${responseCode}`)
      : { kind: 'refused', why: `response code ${responseCode}` }
  if (fields.has(49) && fields.get(49) !== currencyCode) return unknown('field 49 differs')
  const field48 = fields.get(48) ?? ''
  if (!/^\d{62}$/.test(field48)) return unknown('field 48 has no totals')
  const codes = [field48[30], field48[61]]
  if (codes.includes(ERROR)) return { kind: 'refused', why: 'settlement code 3' }
  const [domestic, foreign] = readTotals(field48)
  const isEqual =
    codes.every((code) => code === EQUAL) &&
    areEqual(domestic, cutTotals(totals)) &&
    areEqual(foreign, NO_TOTALS)
  return { kind: 'compared', isEqual, domestic, foreign }
}

const areEqual = (a: Totals, b: Totals): boolean =>
  a.debitAmount === b.debitAmount &&
  a.debitCount === b.debitCount &&
  a.creditAmount === b.creditAmount &&
  a.creditCount === b.creditCount
