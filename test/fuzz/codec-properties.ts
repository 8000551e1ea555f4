/**
 * @module The properties of the codec for any bytes: frames, messages, requests, answers, descriptions and
 * texts.
 */

import { USUAL_FORMS } from '../../src/domain/terminal-profile.ts'
import {
  buildAnswer,
  isRequest,
  privateData,
  type ResponseFields,
  responseMti,
} from '../../src/iso8583/answer.ts'
import { isCanonical } from '../../src/iso8583/canonical.ts'
import {
  formatFault,
  hasAccountType,
  isReversalMti,
  keptFields,
  panOf,
  type TransactionType,
  transactionTypeOf,
} from '../../src/iso8583/cup.ts'
import { type DescribedField, describe, describeJson } from '../../src/iso8583/describe.ts'
import { SECRET_TAGS } from '../../src/iso8583/emv-tags.ts'
import { readField60, readField61 } from '../../src/iso8583/field60.ts'
import { answerFrame, buildFrame, type Frame, parseFrame } from '../../src/iso8583/frame.ts'
import { packWithMac } from '../../src/iso8583/mac.ts'
import { type Message, macInput, pack, unpack, unpackWhatCan } from '../../src/iso8583/message.ts'
import { parsePosHead, parsePosMessage } from '../../src/iso8583/pos-message.ts'
import { profileFault } from '../../src/iso8583/profile-fault.ts'
import { serialData, unwrapSerial, wrapSerial, xorLrc } from '../../src/iso8583/serial-frame.ts'
import type { ShownTag } from '../../src/iso8583/show-tlv.ts'
import { decodeText, encodeText, type TextEncoding } from '../../src/iso8583/text.ts'
import { microPack } from '../support/micro-iso8583.ts'
import { checkBatch } from './batch-properties.ts'
import { must } from './counterexample.ts'
import { checkReversal } from './reversal-properties.ts'

/** Bytes. A receipt's texts are shorter. */
const LONGEST_TEXT = 64

/** A short description of an input, which many inputs share. */
export interface Verdict {
  readonly description: string
  readonly isMessage: boolean
}

/** Throws when a property does not hold. `input` is a frame, a body, or neither. */
export function checkCodec(input: Uint8Array): Verdict {
  const verdict = checkFrame(input) ?? checkBody(input)
  checkDescription(input)
  checkBatch(input)
  for (const encoding of ['gbk', 'ascii'] as const) checkText(input.subarray(0, LONGEST_TEXT), encoding)
  return verdict
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase()

const FRAME_ERROR =
  /^(\d+ bytes are no frame|length \d+ declared, \d+ bytes there|\d+ bytes, TPDU and header need 11|TPDU does not start with 60)$/

/** Undefined when it is not a frame. */
function checkFrame(input: Uint8Array): Verdict | undefined {
  const frame = parseFrame(input, xorLrc)
  const serial = unwrapSerial(input, xorLrc)
  if (serial.ok) must(isSame(serial.value, serialData(input) ?? NOTHING), 'serial: data differ')
  if (input.length <= 9999) {
    const again = unwrapSerial(wrapSerial(input, xorLrc), xorLrc)
    must(again.ok && isSame(again.value, input), 'serial: wrapped and unwrapped differ')
  }
  if (!frame.ok) {
    must(frame.error.kind === 'lrc' || FRAME_ERROR.test(frame.error.why), 'frame: why')
    return undefined
  }
  const { kind, tpdu, header, body } = frame.value
  for (const part of [tpdu, header, body]) must(isWithin(part, input), 'frame: a part lies outside')
  const built = buildFrame(kind, tpdu, header, body, xorLrc)
  must(isSame(built, input.subarray(0, built.length)), 'frame: built again, it differs')
  checkAnswerFrame(frame.value)
  const { description, isMessage } = checkBody(body)
  return { description: `${kind} frame, ${description}`, isMessage }
}

function checkAnswerFrame(request: Frame): void {
  const answer = answerFrame(request, request.body, { signOnAgain: true }, xorLrc)
  // LEN 02xx and an address 60xx: the one frame that also reads as a serial one.
  if (request.kind === 'tpdu' && answer[0] === 0x02 && answer[3] === 0x60) return
  const read = parseFrame(answer, xorLrc)
  must(read.ok && read.value.kind === request.kind, 'answer: not a frame')
  const swapped = [0, 3, 4, 1, 2].map((at) => request.tpdu[at] ?? 0)
  must(isSame(read.value.tpdu, Uint8Array.from(swapped)), 'answer: addresses')
  must(((read.value.header[2] ?? 0) & 0x0f) === 3, 'answer: sign on again')
  must(isSame(read.value.body, request.body), 'answer: body')
}

const isWithin = (part: Uint8Array, whole: Uint8Array): boolean =>
  part.buffer === whole.buffer &&
  part.byteOffset >= whole.byteOffset &&
  part.byteOffset + part.length <= whole.byteOffset + whole.length

const FORMAT_ERROR =
  /^(truncated: \d+ bytes needed, \d+ left|\d+ bytes after the last field|length \d+ is over \d+|length is not decimal|not four digits|not in the field table|not digits|not track data|not printable ASCII)$/

function checkBody(body: Uint8Array): Verdict {
  const { fields, error } = unpackWhatCan(body)
  const message = unpack(body)
  must(message.ok === (error === undefined), 'message: unpack and unpackWhatCan disagree')
  const numbers = [...fields.keys()]
  must(
    numbers.every((number, at) => number > (numbers[at - 1] ?? 1)),
    'message: not in the order of the wire',
  )
  const covered = macInput(body)
  must(isSame(covered, body.subarray(0, covered.length)), 'message: MAC input is no start')
  must([body.length, body.length - 8].includes(covered.length), 'message: MAC input')
  const reversal = checkReversal(body, checkAnswer)
  if (!message.ok) {
    must(FORMAT_ERROR.test(message.error.why), 'message: why')
    return {
      description: `${reversal}${message.error.field}: ${message.error.why.replace(/\d+/g, 'N')}`,
      isMessage: false,
    }
  }
  checkMessage(body, message.value)
  const form = isCanonical(body, message.value) ? '' : 'not canonical, '
  return { description: form + checkRequest(message.value, body), isMessage: true }
}

function checkMessage(body: Uint8Array, message: Message): void {
  const packed = pack(message)
  must(hexOf(packed) === microPack(message), 'message: packed otherwise than by hand')
  must(packed.length === body.length, 'message: packed to another length')
  const strays = packed.filter((byte, at) => byte !== body[at])
  must(isCanonical(body, message) === (strays.length === 0), 'message: canonical or not')
  // Only a pad nibble may differ: one half of a byte, zero when packed. Field 22 may have it on either side.
  const isKept = (form: Uint8Array) =>
    form.every((byte, at) => {
      const received = body[at] ?? 0
      return byte === received || byte === (received & 0xf0) || byte === (received & 0x0f)
    })
  must(isKept(packed) || isKept(pack(message, { ...USUAL_FORMS, entryMode: 'right' })), 'message: bytes lost')
  const again = unpack(packed)
  must(again.ok && isSameMessage(again.value, message), 'message: packed and unpacked differ')
}

const isSameMessage = (a: Message, b: Message): boolean =>
  JSON.stringify([a.mti, ...a.fields]) === JSON.stringify([b.mti, ...b.fields])

const ACQUIRER: ResponseFields = {
  responseCode: '00',
  localTime: '101112',
  localDate: '0131',
  settlementDate: '0131',
  rrn: '000000000001',
  authorizationCode: '000001',
  acquirerId: '00000001',
  receivingInstitution: '00000002',
  privateData: privateData(null, 'gbk', 'short'),
}

const ENVELOPE = { kind: 'tpdu', tpdu: new Uint8Array(5), header: new Uint8Array(6) } as const

const PROFILE = {
  status: 'active',
  macProfile: 'cup-ecb',
  textEncoding: 'gbk',
  settlementMac: 'required',
  ...USUAL_FORMS,
} as const

/** Never stored, whatever the content. */
const NEVER_STORED = [2, 14, 35, 36, 52, 55, 57, 58, 59, 62, 63]

/** Returns the transaction and the field with the fault. */
function checkRequest(message: Message, body: Uint8Array): string {
  const { fields } = message
  const kept = keptFields(message)
  must(
    NEVER_STORED.every((number) => kept[number] === undefined),
    'request: keeps card data',
  )
  const pan = panOf(message)
  const isKept = (text: string): boolean =>
    pan !== undefined && pan.length >= 13 && !(fields.get(42) ?? '').includes(pan) && text.includes(pan)
  must(!isKept(JSON.stringify(kept)), 'request: keeps a card number')
  hasAccountType(message)
  for (const part of [fields.get(60) ?? '', fields.get(61) ?? '']) checkField60(part)
  const parsed = parsePosMessage(parsePosHead({ ...ENVELOPE, body }, message))
  const { type, fault } = parsed
  must(type === transactionTypeOf(message), 'request: type')
  if (isRequest(message.mti)) checkAnswer(message, type)
  if (type === undefined) return 'not done here'
  must(fault === formatFault(type, message), 'request: fault')
  must(fault === undefined || (fault >= 2 && fault <= 64), 'request: fault is no field')
  if (fault !== undefined) return `${type}, fault in ${fault}`
  if (parsed.kind === 'management') return type
  must(isSame(parsed.macInput, macInput(body)), 'request: MAC input')
  const unambiguous = isCanonical(body, message) && !hasAccountType(message)
  const found = profileFault(parsed, PROFILE)
  must(unambiguous || found !== null || isReversalMti(message.mti), 'request: canonical')
  const { request } = parsed
  // The totals of a settlement are compared, and not written.
  must(!isKept(JSON.stringify({ ...request, totals: undefined })), 'request: holds a card number')
  if ('amount' in request)
    must(
      request.amount === null || (Number.isSafeInteger(request.amount) && request.amount >= 0),
      'request: amount',
    )
  return type
}

function checkField60(value: string): void {
  const of60 = readField60(value)
  if (of60 !== undefined && value.length > 8)
    must(Object.values(of60).join('') === value, 'field 60: parts are not the whole')
  const of61 = readField61(value)
  if (of61 !== undefined)
    must(value.startsWith(of61.originalBatchNumber + of61.originalStan), 'field 61: parts')
}

function checkAnswer(request: Message, type: TransactionType | undefined): void {
  const mac = (input: Uint8Array): Uint8Array => Uint8Array.from({ length: 8 }, (_, at) => input[at] ?? 0)
  for (const responseCode of ['00', '25']) {
    const answer = buildAnswer(request, type, {
      ...ACQUIRER,
      responseCode,
      privateData: privateData(null, 'gbk', 'short'),
    })
    const body = packWithMac(answer, mac)
    const read = unpack(body)
    must(read.ok && isCanonical(body, read.value), 'answer: not a message')
    must(read.value.mti === responseMti(request.mti), 'answer: MTI')
    must(hexOf(mac(body)) === read.value.fields.get(64), 'answer: MAC')
    for (const number of [11, 41])
      must(!answer.fields.has(number) || request.fields.has(number), 'answer: no echo')
    for (const number of [35, 36, 52, 55]) must(!answer.fields.has(number), 'answer: card data')
  }
}

/** The part of a field that may be shown, whatever its content. */
const SHOWN: Readonly<Record<number, RegExp>> = {
  2: /^(\*{0,12}|\d{6}\*{3,9}\d{4})$/,
  14: /^\*{4}$/,
  35: /^\**$/,
  36: /^\**$/,
  48: /^(\(\d+ digits\)|domestic [\w ,×]{59}; foreign [\w ,×]{59})$/,
  52: /^\*{16}$/,
  53: /^(\d{3}0{13}|\d{6}\*{6}\d{4})$/,
  58: /^\(\d+ bytes\)$/,
  60: /^(\d{2} \d{6}( \d{3})?( \d{1,8})?|[\d*]*)$/,
  61: /^(\d{6} \d{6}( \d{4})?( \d{1,2})?( \d{1,11})?|[\d*]*)$/,
  62: /^(\(\d+ bytes\)|Sequence No.*|(\d, )?9F06 .*)$/,
}
/** Shown unmasked: a merchant is 15 digits, a MAC is not secret. The others have a form of their own. */
const NO_CARD_LOOKED_FOR = [42, 48, 53, 54, 60, 61, 64]
/** An identifier of an application has digits, but too few bytes for a card number behind its first three. */
const APPLICATION = /\b(?:4F|84|9F06) [a-z ]+: A00000[\dA-F]{2,12}\b/g
const CARD = /[0-9０-９](?:[ -]?[0-9０-９]){12,}/

function checkDescription(input: Uint8Array): void {
  const { fields } = describeJson(input, xorLrc)
  for (const field of fields) checkShown(field)
  must(describe(input, xorLrc).split('\n').length >= fields.length, 'description: lines')
}

/** Tags with card data or a secret show no value. */
const isChipData = (tags: readonly ShownTag[]): boolean =>
  tags.every(
    ({ tag, value = '', tags: inner = [] }) =>
      (!SECRET_TAGS.includes(tag) || /^(\d{6}\*+\d{4}|\**)$/.test(value)) && isChipData(inner),
  )

function checkShown({ number, value, masked, tags = [] }: DescribedField): void {
  must(isChipData(tags), `description: field ${number} shows a secret tag`)
  must(SHOWN[number]?.test(value) ?? true, `description: field ${number} shows more than it may`)
  if (!NO_CARD_LOOKED_FOR.includes(number))
    must(!CARD.test(value.replace(APPLICATION, '')), `description: a card number in field ${number}`)
  if (/\*{4}/.test(value) && [2, 14, 35, 36, 52].includes(number))
    must(masked === true, 'description: not marked')
}

function checkText(input: Uint8Array, encoding: TextEncoding): void {
  const text = decodeText(input, encoding)
  const whole = encodeText(text, encoding, 4 * input.length + 4)
  const length = input[0] ?? 0
  const cut = encodeText(text, encoding, length)
  must(cut.length <= length && isSame(cut, whole.subarray(0, cut.length)), 'text: cut')
  must(whole.length <= length || cut.length >= length - 1, 'text: cut too short')
  const isWhole = (bytes: Uint8Array): boolean => !decodeText(bytes, encoding).includes('\ufffd')
  must(!isWhole(whole) || isWhole(cut), 'text: cut within a character')
}

const NOTHING = new Uint8Array()
