/** @module Masks values that may hold card data. At most the first six and last four digits remain. */

import { maskPan } from '../domain/pan.ts'

/** Sixteen or more hex digits with a letter among them: an encrypted block, or a track with its D. */
const HEX_BLOCK = /(?=[0-9]*[A-Fa-f])[0-9A-Fa-f]{16,}/g

/**
 * Thirteen or more digits, full-width digits too, with single blanks or dashes between them. The data after a track
 * separator belongs to it.
 */
const CARD_NUMBER = /[0-9０-９](?:[ -]?[0-9０-９]){12,}(?:[=^][0-9A-Za-z=^/ ]*)?/g

/** The text with every possible card number, track and encrypted block masked. */
export const maskText = (text: string): string =>
  text
    .replace(HEX_BLOCK, (block) => '*'.repeat(block.length))
    .replace(CARD_NUMBER, (run) => {
      const [number = ''] = run.split(/[=^]/)
      return maskPan(number.replace(/[ -]/g, '')) + '*'.repeat(run.length - number.length)
    })

/** The masked text when all its characters are printable. Otherwise only the number of bytes, `length`. */
export const maskPrintable = (text: string, length: number): string =>
  /[\p{Cc}\p{Cf}\p{Cs}\ufffd]/u.test(text) ? `(${length} bytes)` : maskText(text)
