/**
 * @module Terminal numbers. Field 41 is ans 8, fixed: a shorter number has blanks at its end. The eight characters are the number
 * everywhere inside. People and programs write the number without these blanks.
 */

/** Field 41 has this many characters. */
const LENGTH = 8

/** A terminal number as people write it: 1 to 8 letters or digits, and then blanks, at most 8 characters in all. */
export const TERMINAL_NUMBER = /^(?=.{1,8}$)[A-Za-z0-9]+ *$/

/** The eight characters of a terminal number of 1 to 8 characters, as field 41 has them. */
export const paddedTerminal = (number: string): string => number.padEnd(LENGTH)

/** Whether a text is a terminal number of eight characters. No other stream of the journal has such a name. */
export const isPaddedTerminal = (text: string): boolean =>
  text.length === LENGTH && TERMINAL_NUMBER.test(text)

/** A terminal number without the blanks at its end, 1 to 8 letters or digits. */
export const shownTerminal = (terminalId: string): string => terminalId.trimEnd()
