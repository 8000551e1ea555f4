/**
 * @module Whether a text that is kept may hold a card number (PCI DSS 3.3, 3.5). It has 13 to 19 digits that pass Luhn (ISO/IEC
 * 7812-1, annex B), in any numerals and with any separators. Dates are none.
 */

const FEWEST = 13
const MOST = 19

/** Digits that NFKC leaves as they are: Chinese numerals, those of documents and of phone calls, and counting rods. */
const NUMERALS: readonly string[] = [
  '零〇洞⓿🄋🄌',
  '一壹弌幺〡',
  '二贰貳弍两兩〢',
  '三叁參参弎〣',
  '四肆〤',
].concat(['五伍〥', '六陆陸〦', '七柒漆〧', '八捌〨', '九玖〩'])

/** Circled digits that NFKC leaves as they are: the code point of 1. */
const CIRCLED = [0x2776, 0x2780, 0x278a, 0x24f5] as const

/** The value of a numeral, 0 to 9. Null for any other character. */
function digitOf(character: string): number | null {
  if (character >= '0' && character <= '9') return Number(character)
  const written = NUMERALS.findIndex((same) => same.includes(character))
  if (written >= 0) return written
  const code = character.codePointAt(0) ?? 0
  for (const one of CIRCLED) if (code >= one && code < one + 9) return code - one + 1
  if (!DECIMAL.test(character)) return null
  // The ten digits of a script follow each other.
  let zero = code
  while (code - zero < 9 && DECIMAL.test(String.fromCodePoint(zero - 1))) zero--
  return code - zero
}

const DECIMAL = /^\p{Nd}$/u
const LETTERS_OR_NUMBERS = /[\p{L}\p{Nl}\p{No}]+/u

/** A date of this century, and the time of day behind it. */
const DATE =
  /(?<![0-9])20[0-9]{2}[-/.年](?:0?[1-9]|1[0-2])[-/.月](?:0?[1-9]|[12][0-9]|3[01])(?:日|(?![0-9]))(?:[ T]*[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9])?(?![0-9:]))?/g

/** Stands for a date. A letter parts two numbers. */
const PARTED = 'x'

/** The chains of digit groups in a text. Only characters that are neither letters nor numbers are between the groups of a chain. */
function chainsIn(text: string): string[][] {
  const digits = [...text.normalize('NFKC')].map((character) => digitOf(character) ?? character)
  const parts = digits.join('').replace(DATE, PARTED).split(LETTERS_OR_NUMBERS)
  return parts.map((part) => part.match(/[0-9]+/g) ?? [])
}

/** The Luhn check digit (ISO/IEC 7812-1, annex B) that completes `digits`. */
export function luhnDigit(digits: string): string {
  let sum = 0
  for (const [i, digit] of [...digits].reverse().entries()) {
    const doubled = Number(digit) * (i % 2 === 0 ? 2 : 1)
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return String((10 - (sum % 10)) % 10)
}

/** Whether the check digit of a number is right. `digits` are ASCII digits. */
export const passesLuhn = (digits: string): boolean => luhnDigit(digits.slice(0, -1)) === digits.at(-1)

/** ISO/IEC 7812-1: no bank issues cards whose number begins with 0, 1 or 7. */
const isCardNumber = (digits: string): boolean =>
  digits.length >= FEWEST && digits.length <= MOST && !/^[017]/.test(digits) && passesLuhn(digits)

/** Whether groups that follow each other are a card number together. */
function holdsInGroups(groups: readonly string[]): boolean {
  return groups.some((_, from) => {
    let digits = ''
    for (const group of groups.slice(from)) {
      digits += group
      if (digits.length > MOST) return false
      if (isCardNumber(digits)) return true
    }
    return false
  })
}

/** Whether a number that is longer than any card number has one in it. */
const holdsInside = (group: string): boolean =>
  group.length > MOST &&
  [...group].some((_, from) =>
    Array.from({ length: MOST - FEWEST + 1 }, (_, more) => group.slice(from, from + FEWEST + more)).some(
      isCardNumber,
    ),
  )

/** Whether the text may hold a card number. Texts of people are refused then, and nothing of them is kept. */
export const holdsCardNumber = (text: string): boolean =>
  chainsIn(text).some((groups) => holdsInGroups(groups) || groups.some(holdsInside))
