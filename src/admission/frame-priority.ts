/**
 * @module How urgent a terminal's message says it is, read from MTI and processing code at their places in the bytes: a few
 * comparisons, before anything is parsed. Only a claim, and only ever used to choose whom to turn away first.
 */

import type { Priority } from './concurrency-limit.ts'

/** The identifier byte of every TPDU, behind LEN (2 bytes) or behind STX and LEN (3). */
const TPDU_ID = 0x60
const STX = 0x02
/** TPDU 5, header 6. */
const ENVELOPE_LENGTH = 11
/** Fields 2 and 3 in the bitmap's first byte. */
const HAS_CARD_NUMBER = 0x40
const HAS_PROCESSING_CODE = 0x20
/** First byte of field 3 (ISO 8583, packed): goods and services, and their void. */
const PURCHASE = 0x00
const PURCHASE_VOID = 0x20

/** Where the message begins: behind LEN, TPDU and header, or the same behind STX. */
const bodyOf = (bytes: Uint8Array): number =>
  (bytes[0] === STX && bytes[3] === TPDU_ID ? 3 : 2) + ENVELOPE_LENGTH

/** A financial request (02xx): one that may be passed on to the acquirer, and wait for it. */
export const mayAskAcquirer = (bytes: Uint8Array): boolean => bytes[bodyOf(bytes)] === 0x02

/** What cannot be told, whatever the bytes, is `other`. */
export function priorityOfFrame(bytes: Uint8Array): Priority {
  const body = bodyOf(bytes)
  if (bytes[body - ENVELOPE_LENGTH] !== TPDU_ID) return 'other'
  const bitmap = bytes[body + 2] ?? 0
  if (bytes[body + 1] !== 0) return 'other'
  if (bytes[body] === 0x04) return 'undo'
  if (bytes[body] !== 0x02 || (bitmap & HAS_PROCESSING_CODE) === 0) return 'other'
  const fields = body + 10
  const processingCode = fields + ((bitmap & HAS_CARD_NUMBER) === 0 ? 0 : cardNumberBytes(bytes[fields] ?? 0))
  if (bytes[processingCode] === PURCHASE_VOID) return 'undo'
  return bytes[processingCode] === PURCHASE ? 'sale' : 'other'
}

/** Bytes of field 2: its length in BCD, two digits to a byte. */
function cardNumberBytes(length: number): number {
  const digits = 10 * (length >> 4) + (length & 0x0f)
  return 1 + ((digits + 1) >> 1)
}
