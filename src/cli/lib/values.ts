/** @module The types of values that options and arguments take. Each type reads a text and says in words what it expects. */

import { LEAST_DECIDE_SECONDS, type MerchantRules, MOST_DECIDE_SECONDS } from '../../domain/merchant-rules.ts'
import type { WindowPolicy } from '../../domain/sale-facts.ts'
import { SCOPES, type Scope } from '../../domain/scope.ts'
import { fromHex } from '../../iso8583/hex.ts'
import { isTestCard } from '../../terminal/test-cards.ts'

export interface ValueType<Value> {
  /** Stands for the value in help. */
  readonly placeholder: string
  /** Completes the sentence "expected …". */
  readonly expected: string
  /** Returns undefined for a text that is not such a value. */
  readonly read: (text: string) => Value | undefined
  /** All values, where they are few. */
  readonly choices?: readonly string[]
  /** The value is a path: shells complete it with file names. */
  readonly isPath?: true
}

const matching = (placeholder: string, pattern: RegExp, expected: string): ValueType<string> => ({
  placeholder,
  expected,
  read: (text) => (pattern.test(text) ? text : undefined),
})

export const choice = <const Name extends string>(
  placeholder: string,
  names: readonly Name[],
): ValueType<Name> => ({
  placeholder,
  expected: `one of ${names.join(', ')}`,
  read: (text) => names.find((name) => name === text),
  choices: names,
})

/** A whole number from `least` to `most`. */
export const wholeNumber = (
  placeholder: string,
  least: number,
  most: number,
  unit = '',
): ValueType<number> => ({
  placeholder,
  expected: `a whole number ${unit}from ${least} to ${most}`,
  read(text) {
    const number = Number(text)
    return /^\d+$/.test(text) && number >= least && number <= most ? number : undefined
  },
})

export const HEX: ValueType<Uint8Array> = {
  placeholder: 'HEX',
  expected: 'a string of hex digits, two for each byte',
  read: fromHex,
}

export const HEX_BYTE: ValueType<number> = {
  placeholder: 'NN',
  expected: 'two hex digits',
  read: (text) => (text.length === 2 ? fromHex(text)?.[0] : undefined),
}

export const MASTER_KEY: ValueType<Uint8Array> = {
  placeholder: 'HEX',
  expected: '8 or 16 bytes as hex digits',
  read(text) {
    const key = fromHex(text)
    return key !== undefined && [8, 16].includes(key.length) ? key : undefined
  },
}

export const AMOUNT: ValueType<number> = wholeNumber('FEN', 1, 999_999_999_999, 'of fen ')
export const PORT: ValueType<number> = wholeNumber('N', 1, 65_535)

/** A system trace audit number, six digits. */
export const STAN: ValueType<string> = {
  placeholder: 'STAN',
  expected: 'a trace number from 1 to 999999',
  read: (text) => (/^\d{1,6}$/.test(text) && Number(text) > 0 ? text.padStart(6, '0') : undefined),
}

export const CARD: ValueType<string> = {
  placeholder: 'PAN',
  expected: 'a published test card, or 622500000000NNN and its Luhn digit',
  read: (text) => (isTestCard(text) ? text : undefined),
}

export const MERCHANT_ID: ValueType<string> = matching(
  'MID',
  /^[A-Za-z0-9]{15}$/,
  'a merchant number of 15 letters and digits',
)
export const TERMINAL_ID: ValueType<string> = matching(
  'TID',
  /^[A-Za-z0-9]{1,8}$/,
  'a terminal number of 1 to 8 letters and digits',
)
export const REFERENCE: ValueType<string> = matching(
  'REFERENCE',
  /^(?:[0-9a-f]{32}|\d{12}|[A-Za-z0-9]{1,8}\d{12})$/,
  'an id of 32 hex digits, an RRN of 12 digits, or terminal number, batch and trace number together',
)
export const CURRENCY: ValueType<string> = matching('NNN', /^\d{3}$/, 'an ISO 4217 number of three digits')
export const KEY_NAME: ValueType<string> = matching(
  'NAME',
  /^[\p{L}\p{N} ._@-]{1,64}$/u,
  'a name of 1 to 64 letters, digits, blanks and ._@-',
)
export const KEY_ID: ValueType<string> = matching('ID', /^[0-9a-f]{32}$/, 'an id of 32 hex digits')
export const MASTER_KEY_ID: ValueType<string> = matching(
  'ID',
  /^[0-9a-f]{16}$/,
  'an id of 16 hex digits, from the log of the service',
)

/** Scopes of a bearer key, with commas or blanks between them. */
export const SCOPE_LIST: ValueType<Scope[]> = {
  placeholder: 'SCOPES',
  expected: `one or more of ${SCOPES.join(',')}`,
  read(text) {
    const words = text.split(/[ ,]+/)
    const scopes = SCOPES.filter((scope) => words.includes(scope))
    return scopes.length > 0 && scopes.length === new Set(words).size ? scopes : undefined
  },
}

export const IP: ValueType<string> = matching('IP', /^[0-9a-f.:]+$/i, 'an IP address')
export const CLOCK: ValueType<string> = matching(
  'HH:MM',
  /^([01]\d|2[0-3]):[0-5]\d$/,
  'a time of day such as 23:00',
)
export const TEXT: ValueType<string> = matching('TEXT', /./, 'a text')
export const TIME_ZONE: ValueType<string> = { ...TEXT, placeholder: 'ZONE', expected: 'a time zone' }
export const ENVIRONMENT: ValueType<string> = { ...TEXT, placeholder: 'NAME', expected: 'an environment' }
export const DATABASE_NAME: ValueType<string> = matching(
  'DB_N',
  /^DB_(?:0|[1-9]\d{0,3})$/,
  'DB_0, or the binding of another database such as DB_1',
)
export const API_KEY: ValueType<string> = { ...TEXT, placeholder: 'KEY', expected: 'a bearer key' }

export const PATH: ValueType<string> = { ...TEXT, placeholder: 'PATH', expected: 'a path', isPath: true }
export const PATH_OR_URL: ValueType<string> = {
  ...PATH,
  placeholder: 'PATH|URL',
  expected: 'a path or an address',
}

export const SERVER_URL: ValueType<URL> = {
  placeholder: 'URL',
  expected: 'an http or https URL',
  read(text) {
    const url = URL.parse(text)
    return url !== null && /^https?:$/.test(url.protocol) ? url : undefined
  },
}

/** A moment with its time zone, in milliseconds since the epoch. */
export const MOMENT: ValueType<number> = {
  placeholder: 'TIME',
  expected: 'a time such as 2026-06-01T23:00:00+08:00',
  read(text) {
    const time = Date.parse(text)
    return /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(time) ? time : undefined
  },
}

/** How long a sale can be voided. */
export const WINDOW: ValueType<WindowPolicy> = {
  placeholder: 'WINDOW',
  expected: 'one of business_day, same_batch, minutes:N',
  read(text) {
    const minutes = /^minutes:([1-9]\d*)$/.exec(text)?.[1]
    if (minutes !== undefined) return { kind: 'minutes', minutes: Number(minutes) }
    return text === 'business_day' || text === 'same_batch' ? { kind: text } : undefined
  },
}

export const TRUTH: ValueType<boolean> = {
  placeholder: 'TRUTH',
  expected: 'one of true, false',
  choices: ['true', 'false'],
  read: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
}

/** How long a void is kept without an answer: seconds, or the window of its sale. */
export const DECIDE_WITHIN: ValueType<MerchantRules['decideWithin']> = {
  placeholder: 'SECONDS',
  expected: `window, or seconds from ${LEAST_DECIDE_SECONDS} to ${MOST_DECIDE_SECONDS}`,
  read(text) {
    if (text === 'window') return text
    const seconds = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0
    return seconds >= LEAST_DECIDE_SECONDS && seconds <= MOST_DECIDE_SECONDS ? seconds : undefined
  },
}
