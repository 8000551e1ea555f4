/** @module The checks of the own terminal on an answer (protocol.md §3.3, §3.6). The first fault makes the answer none. */

import type { MicroMessage } from '../micro-iso8583.ts'
import { bytesOfHex } from './bytes.ts'
import { localTimeOf } from './messages.ts'
import type { OwnSettings } from './settings.ts'

const ECHOED = [3, 11, 14, 23, 25, 41, 42, 49, 53]
/** Codes of refusals before the MAC of the request is right. They have no MAC. */
const WITHOUT_PROOF = ['A0', '97', '40']

/** Throws RangeError with the number of the first field that is not as the protocol says. */
export function checkAnswer(
  settings: OwnSettings,
  request: MicroMessage,
  answer: MicroMessage,
  now: number,
): void {
  const fault = faultOfAnswer(settings, request, answer, now)
  if (fault !== undefined) throw new RangeError(`answer ${answer.mti}: ${fault}`)
}

function faultOfAnswer(
  settings: OwnSettings,
  request: MicroMessage,
  { mti, fields }: MicroMessage,
  now: number,
): string | undefined {
  const requested = request.fields
  const first = `${request.mti.slice(0, 3)}0`
  if (Number(mti) !== Number(first) + 10) return 'MTI'
  for (const number of ECHOED)
    if (fields.has(number) && requested.has(number) && fields.get(number) !== requested.get(number))
      return `field ${number} differs`
  for (const number of [11, 41, 42])
    if (requested.has(number) && !fields.has(number)) return `field ${number} is missing`
  const amount = requested.get(4)
  if (amount !== undefined && fields.get(4) !== amount) return 'field 4 differs'
  const code = fields.get(39)
  const totals = fields.get(48)
  if (code === undefined && (first !== '0500' || totals?.length !== 62)) return 'neither 39 nor totals'
  const { date } = localTimeOf(now)
  if (fields.get(13) !== date || !/^([01]\d|2[0-3])[0-5]\d[0-5]\d$/.test(fields.get(12) ?? ''))
    return 'fields 12, 13'
  const isFinancial = first === '0200' || first === '0400' || first === '0420'
  return (
    faultOf60(request, fields.get(60)) ??
    (isFinancial ? faultOfFinancial(request, fields, first) : undefined) ??
    faultOfTexts(settings, fields.get(63), code ?? '00', first)
  )
}

/** 60.2 of a sign-on is the batch from now on. Everything else is the request's. */
function faultOf60(request: MicroMessage, field60: string | undefined): string | undefined {
  const requested = request.fields.get(60) ?? ''
  const isSame =
    request.mti === '0800'
      ? field60?.slice(0, 2) === requested.slice(0, 2) && field60.slice(8) === requested.slice(8)
      : field60 === requested
  return isSame ? undefined : 'field 60 differs'
}

function faultOfFinancial(
  { fields: requested }: MicroMessage,
  fields: ReadonlyMap<number, string>,
  mti: string,
): string | undefined {
  const code = fields.get(39) ?? ''
  const isEncrypted = requested.get(53)?.[2] === '1'
  const pan = requested.get(2) ?? (isEncrypted ? undefined : requested.get(35)?.split('D')[0])
  if (fields.get(2) !== pan) return 'field 2 differs'
  if (WITHOUT_PROOF.includes(code)) return undefined
  if (!/^\d{12}$/.test(fields.get(37) ?? '') || /^0+$/.test(fields.get(37) ?? '')) return 'field 37'
  if (fields.has(38) !== (mti === '0200' && code === '00')) return 'field 38'
  if (fields.get(44)?.length !== 22 || !/^\d{8,11}$/.test(fields.get(32) ?? '')) return 'fields 32, 44'
  return /^(0[1-9]|1[0-2])([0-2]\d|3[01])$/.test(fields.get(15) ?? '') ? undefined : 'field 15'
}

const ORGANISATION = '435550'

/** Field 63: the organization alone, or the words of a refusal, which the printer can show. */
function faultOfTexts(
  { textEncoding, texts }: OwnSettings,
  field63: string | undefined,
  code: string,
  mti: string,
): string | undefined {
  if (code === '00') {
    const isRight = mti !== '0200' || field63 === ORGANISATION
    return isRight ? undefined : 'field 63 of an approval'
  }
  const bytes = bytesOfHex(field63 ?? '')
  if (mti !== '0200' && field63 === undefined) return undefined
  const isLong = texts === 'long'
  if (!field63?.startsWith(ORGANISATION) || bytes.length < 63 || bytes.length > (isLong ? 163 : 63))
    return 'length of field 63'
  const words = new TextDecoder(textEncoding === 'gbk' ? 'gbk' : 'ascii').decode(bytes.subarray(43)).trim()
  if (words === '' || words.includes('�')) return 'words of field 63'
  const isChinese = /[一-鿿]/.test(words)
  return isChinese === (textEncoding === 'gbk') ? undefined : 'language of field 63'
}

/** Whether an answer to a message with a MAC has one. 77 comes before or after the MAC is right. */
export function wantsMac(request: MicroMessage, answer: MicroMessage): boolean | 'either' {
  const code = answer.fields.get(39) ?? '00'
  if (!request.fields.has(64) || WITHOUT_PROOF.includes(code)) return false
  return code === '77' ? 'either' : true
}
