/** @module What may be seen of a value that can hold card data. First six and last four digits at most. */

import { maskPan } from '../domain/pan.ts'

/** Sixteen or more hex digits, a letter among them: an encrypted block, or a track with its D. */
const HEX_BLOCK = /(?=[0-9]*[A-Fa-f])[0-9A-Fa-f]{16,}/g

/** Thirteen or more digits, full width too, single blanks or dashes between them; what follows a track separator goes too. */
const CARD_NUMBER = /[0-9０-９](?:[ -]?[0-9０-９]){12,}(?:[=^][0-9A-Za-z=^/ ]*)?/g

/** A text with everything in it masked that could be a card number, a track or an encrypted block. */
export const maskText = (text: string): string =>
  text
    .replace(HEX_BLOCK, (block) => '*'.repeat(block.length))
    .replace(CARD_NUMBER, (run) => {
      const [number = ''] = run.split(/[=^]/)
      return maskPan(number.replace(/[ -]/g, '')) + '*'.repeat(run.length - number.length)
    })

/** The text, masked, if every character of it can be printed; otherwise only how many bytes there are. */
export const maskPrintable = (text: string, length: number): string =>
  /[\p{Cc}\p{Cf}\p{Cs}\ufffd]/u.test(text) ? `(${length} bytes)` : maskText(text)
