/** @module A terminal of its own for one run, so that runs do not disturb each other. */

import { randomInt } from 'node:crypto'

/** No letter or digit that a reader confuses with another. */
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** `D` and seven random letters. */
export const freshTerminalId = (): string =>
  `D${Array.from({ length: 7 }, () => LETTERS[randomInt(LETTERS.length)]).join('')}`
