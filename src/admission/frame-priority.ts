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
/** Fields 2 and 3 in the first byte of the bitmap. */
const HAS_CARD_NUMBER = 0x40
const HAS_PROCESSING_CODE = 0x20
/** Second byte of the MTI: 0200, and its repeat 0201. */
const FIRST_OR_REPEAT: readonly number[] = [0x00, 0x01]
/** First byte of field 3 (ISO 8583, packed): goods and services, and the void of it. */
const PURCHASE = 0x00
const PURCHASE_VOID = 0x20

/** The start of the message: behind LEN, TPDU and header, or behind STX, LEN, TPDU and header. */
const bodyOf = (bytes: Uint8Array): number =>
  (bytes[0] === STX && bytes[3] === TPDU_ID ? 3 : 2) + ENVELOPE_LENGTH

/** Whether the frame is a financial request (02xx), which may wait for the acquirer. */
export const mayAskAcquirer = (bytes: Uint8Array): boolean => bytes[bodyOf(bytes)] === 0x02

/** The claimed priority. A frame that cannot be recognized is `other`. Never throws. */
export function priorityOfFrame(bytes: Uint8Array): Priority {
  const body = bodyOf(bytes)
  if (bytes[body - ENVELOPE_LENGTH] !== TPDU_ID) return 'other'
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
