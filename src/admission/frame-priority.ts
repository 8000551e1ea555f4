/**
 * @module The priority that a terminal's frame claims, from a few bytes of MTI and processing code, before anything is
 * parsed. The claim is not verified, so it only decides which frames are refused first.
 */

import type { Priority } from './concurrency-limit.ts'

/** The first byte of every TPDU. It stands behind LEN (2 bytes), or behind STX and LEN (3). */
const TPDU_ID = 0x60
const STX = 0x02
/** TPDU 5, header 6. */
const ENVELOPE_LENGTH = 11
const TPDU_LENGTH = 5
/** The most bytes between TPDU and message. */
const MAX_DISTANCE = 128
const REQUESTS = [0x02, 0x03, 0x04, 0x05, 0x08]
/** Fields 41 and 42 in the sixth byte of the bitmap. */
const HAS_TERMINAL = 0xc0
/** Fields 2 and 3 in the first byte of the bitmap. */
const HAS_CARD_NUMBER = 0x40
const HAS_PROCESSING_CODE = 0x20
/** Second byte of the MTI: 0200, and its repeat 0201. */
const FIRST_OR_REPEAT: readonly number[] = [0x00, 0x01]
/** First byte of field 3 (ISO 8583, packed): goods and services, and the void of it. */
const PURCHASE = 0x00
const PURCHASE_VOID = 0x20

/** The start of the TPDU: behind LEN, or behind STX and LEN. */
const tpduOf = (bytes: Uint8Array): number => (bytes[0] === STX && bytes[3] === TPDU_ID ? 3 : 2)

/**
 * The start of the message behind TPDU and header. Without a request behind 6 bytes it is the first place with an MTI and a bitmap that
 * has fields 41 and 42.
 */
function bodyOf(bytes: Uint8Array): number {
  const tpdu = tpduOf(bytes)
  const usual = tpdu + ENVELOPE_LENGTH
  if (isRequest(bytes, usual)) return usual
  for (let at = tpdu + TPDU_LENGTH; at <= tpdu + TPDU_LENGTH + MAX_DISTANCE; at++)
    if (isRequest(bytes, at) && ((bytes[at + 7] ?? 0) & HAS_TERMINAL) === HAS_TERMINAL) return at
  return usual
}

/** The MTI of a request: 02, 03, 04, 05 or 08, then 00, 01, 20 or 21. */
const isRequest = (bytes: Uint8Array, at: number): boolean =>
  REQUESTS.includes(bytes[at] ?? 0) && ((bytes[at + 1] ?? 0xff) & 0xde) === 0

/** Whether the frame is a financial request (02xx), which may wait for the acquirer. */
export const mayAskAcquirer = (bytes: Uint8Array): boolean => bytes[bodyOf(bytes)] === 0x02

/** The claimed priority. A frame that cannot be recognized is `other`. Never throws. */
export function priorityOfFrame(bytes: Uint8Array): Priority {
  const body = bodyOf(bytes)
  if (bytes[tpduOf(bytes)] !== TPDU_ID) return 'other'
  const bitmap = bytes[body + 2] ?? 0
  if (bytes[body] === 0x04) return 'undo'
  if (!FIRST_OR_REPEAT.includes(bytes[body + 1] ?? 0xff)) return 'other'
  if (bytes[body] !== 0x02 || (bitmap & HAS_PROCESSING_CODE) === 0) return 'other'
  const fields = body + 10
  const processingCode = fields + ((bitmap & HAS_CARD_NUMBER) === 0 ? 0 : cardNumberBytes(bytes[fields] ?? 0))
  if (bytes[processingCode] === PURCHASE_VOID) return 'undo'
  return bytes[processingCode] === PURCHASE ? 'sale' : 'other'
}

/** Bytes of field 2 with its length byte. The length is BCD, two digits per byte. */
function cardNumberBytes(length: number): number {
  const digits = 10 * (length >> 4) + (length & 0x0f)
  return 1 + ((digits + 1) >> 1)
}
