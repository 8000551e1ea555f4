/**
 * @module The forms of single values in a body. Each form keeps every value: a value of another form is written as it
 * is. JSON null is null, and JSON false is a member that is absent, so no form writes these two.
 */

import type { EntryScope } from './columns.ts'

/** How a value is written to JSON and read back. `read` throws SyntaxError on a value that `write` never gives. */
export interface ValueForm {
  /** For the page of the format. */
  readonly name: string
  write(value: unknown, scope: EntryScope): unknown
  read(stored: unknown, scope: EntryScope): unknown
  /** For a member that is an object or a list of objects: the same value, with only the members that the body has. */
  describe?(stored: unknown, scope: EntryScope): unknown
  /** The names of a code, in their order. */
  readonly codes?: readonly string[]
}

/** The error of a body that no version has written. */
export const malformed = (what: string): SyntaxError => new SyntaxError(`journal entry: ${what}`)

function expectText(stored: unknown): string {
  if (typeof stored !== 'string') throw malformed('expected a text')
  return stored
}

function expectNumber(stored: unknown): number {
  if (typeof stored !== 'number') throw malformed('expected a number')
  return stored
}

export const plainText: ValueForm = { name: 'text', write: (value) => value, read: expectText }

export const plainNumber: ValueForm = { name: 'number', write: (value) => value, read: expectNumber }

export const truth: ValueForm = {
  name: '0 or 1',
  write: (value) => Number(value),
  read: (stored) => expectNumber(stored) === 1,
}

/** A text of exactly `length` decimal digits, at most 15, is a number without its leading zeros. */
export function digitsForm(length: number): ValueForm {
  const isDigits = new RegExp(`^\\d{${length}}$`)
  return {
    name: `${length} digits`,
    write: (value) => (isDigits.test(String(value)) ? Number(value) : value),
    read: (stored) =>
      typeof stored === 'number' ? String(stored).padStart(length, '0') : expectText(stored),
  }
}

/** A decimal number in a text, without leading zeros. */
export const numeral: ValueForm = {
  name: 'decimal number',
  write: (value) => (/^(0|[1-9]\d{0,14})$/.test(String(value)) ? Number(value) : value),
  read: (stored) => (typeof stored === 'number' ? String(stored) : expectText(stored)),
}

/** One of a list of names, by its place from 0. Names are only ever added at the end. */
export function codeForm(name: string, names: readonly string[]): ValueForm {
  const codes = new Map(names.map((one, code) => [one, code]))
  return {
    name,
    codes: names,
    write: (value) => codes.get(String(value)) ?? value,
    read(stored) {
      if (typeof stored !== 'number') return expectText(stored)
      const found = names[stored]
      if (found === undefined) throw malformed(`${name} has no code ${stored}`)
      return found
    },
  }
}

const BASE64URL = { alphabet: 'base64url', omitPadding: true } as const
const RAW = '.'

/** Lower-case hex digits, two a byte, as base64url. Any other text comes after a full stop. */
export const hexForm: ValueForm = {
  name: 'bytes',
  write: (value) => packHex(String(value)),
  read: (stored) => unpackHex(expectText(stored)),
}

function packHex(text: string): string {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return RAW + text
  return Uint8Array.fromHex(text).toBase64(BASE64URL)
}

function unpackHex(stored: string): string {
  if (stored.startsWith(RAW)) return stored.slice(RAW.length)
  try {
    return Uint8Array.fromBase64(stored, { alphabet: 'base64url' }).toHex()
  } catch {
    throw malformed('expected base64url')
  }
}

/** Milliseconds from the entry's time. A time that this does not give exactly is a list of the time itself. */
export const timeForm: ValueForm = {
  name: 'ms after `at`',
  write(value, { at }) {
    const after = Number(value) - at
    return at + after === value ? after : [value]
  },
  read: (stored, { at }) => (Array.isArray(stored) ? expectNumber(stored[0]) : at + expectNumber(stored)),
}

/** The time of an entry: after a claim, milliseconds from the time of the claim. An inexact one is a list of the time. */
export const atForm: ValueForm = {
  name: 'number, or ms after the claim',
  write(value, { base }) {
    if (base === null) return value
    const after = Number(value) - base.at
    return base.at + after === value ? after : [value]
  },
  read(stored, { base }) {
    if (Array.isArray(stored)) return expectNumber(stored[0])
    return (base?.at ?? 0) + expectNumber(stored)
  },
}

/** Field 61 of a void: a number is the STAN of a sale in the batch of the void. */
export const field61: ValueForm = {
  name: 'STAN, or text',
  write(value, { parts }) {
    const text = String(value)
    const isShort = parts !== null && /^\d{12}$/.test(text) && text.startsWith(parts.batchNumber)
    return isShort && parts.batchNumber.length === 6 ? Number(text.slice(6)) : text
  },
  read(stored, { parts }) {
    if (typeof stored !== 'number') return expectText(stored)
    if (parts === null) throw malformed('field 61 without a batch')
    return parts.batchNumber + String(stored).padStart(6, '0')
  },
}

const FINGERPRINT_AT_END = /^(.*?)([0-9a-f]{32}(?:[0-9a-f]{32})?)$/s

/**
 * A message key: the count of characters that it has in common with the entry's own key, and the rest. Hex digits of a
 * fingerprint at its end are bytes.
 */
export const keyForm: ValueForm = {
  name: 'key',
  write(value, { columns: { messageKey } }) {
    const key = String(value)
    let same = 0
    while (same < key.length && key[same] === messageKey[same]) same++
    const [, head, fingerprint] = FINGERPRINT_AT_END.exec(key.slice(same)) ?? []
    return head === undefined || fingerprint === undefined
      ? [same, key.slice(same)]
      : [same, head, packHex(fingerprint)]
  },
  read(stored, { columns: { messageKey } }) {
    if (!Array.isArray(stored)) throw malformed('expected a key')
    const [same, rest, fingerprint] = stored
    const packed = fingerprint === undefined ? '' : unpackHex(expectText(fingerprint))
    return messageKey.slice(0, expectNumber(same)) + expectText(rest) + packed
  },
}

/** Totals of field 48, 62 digits: amounts, counts, and the codes of both halves. The foreign amounts are zeros. */
export const totalsForm: ValueForm = {
  name: 'totals',
  write(value) {
    const found = /^(\d{12})(\d{3})(\d{12})(\d{3})(\d)0{30}(\d)$/.exec(String(value))
    return found === null ? value : found.slice(1).map(Number)
  },
  read(stored) {
    if (!Array.isArray(stored)) return expectText(stored)
    const [amount, count, credit, credits, code, foreign] = [12, 3, 12, 3, 1, 1].map((length, i) =>
      String(expectNumber(stored[i])).padStart(length, '0'),
    )
    return `${amount}${count}${credit}${credits}${code}${'0'.repeat(30)}${foreign}`
  },
}

/** The window of a merchant: 0 `business_day`, 1 `same_batch`, or a list of its minutes. */
export const windowForm: ValueForm = {
  name: 'window',
  write(value) {
    const { kind, minutes } = value as { kind: string; minutes?: number }
    return kind === 'minutes' ? [minutes] : Number(kind === 'same_batch')
  },
  read(stored) {
    if (Array.isArray(stored)) return { kind: 'minutes', minutes: expectNumber(stored[0]) }
    return { kind: expectNumber(stored) === 1 ? 'same_batch' : 'business_day' }
  },
}

/** The deadline of a merchant's voids: seconds, or 0 for the window of the sale. */
export const decideWithinForm: ValueForm = {
  name: 'seconds, or 0 for the window',
  write: (value) => (value === 'window' ? 0 : value),
  read: (stored) => expectNumber(stored) || 'window',
}

/** Names and texts that the table does not list, in the order of their names. */
export const textsForm: ValueForm = {
  name: 'names and texts',
  write: (value) => value,
  read(stored) {
    if (stored === null || typeof stored !== 'object' || Array.isArray(stored))
      throw malformed('expected names and texts')
    for (const text of Object.values(stored)) expectText(text)
    return stored
  },
}
