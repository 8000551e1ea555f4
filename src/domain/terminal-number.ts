/**
 * @module The terminal's number, field 41: ans 8, fixed. A shorter number has blanks behind it. Inside, the number always has its eight
 * characters. People and programs outside see it without the blanks.
 */

/** The characters of field 41. */
const TERMINAL_NUMBER_LENGTH = 8

/** The number as in field 41. */
export const paddedTerminal = (number: string): string => number.padEnd(TERMINAL_NUMBER_LENGTH)

/** The number without the blanks of field 41. */
export const shownTerminal = (terminalId: string): string => terminalId.trimEnd()

/** JSON of a value. The terminal's number in it has no blanks. */
export const shownJson = (value: unknown): string =>
  JSON.stringify(value, (name, member: unknown) =>
    name === 'terminalId' && typeof member === 'string' ? shownTerminal(member) : member,
  )
