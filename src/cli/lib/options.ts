/** @module Options that several commands share: who a terminal is, its master key, where a server is. No error repeats a value. */

import { MAC_PROFILES, type MacProfile } from '../../domain/types.ts'
import { hexOf, type JsonObject, oneOf, UsageError } from './ndjson.ts'

/** The text of an option, or undefined. */
export const textOf = (values: JsonObject, name: string): string | undefined => {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}

export function requiredText(values: JsonObject, name: string, pattern: RegExp, what: string): string {
  const value = textOf(values, name)
  if (value === undefined || !pattern.test(value)) throw new UsageError(`--${name}: expected ${what}`)
  return value
}

export const merchantIdOf = (values: JsonObject, name = 'mid'): string =>
  requiredText(values, name, /^[A-Za-z0-9]{15}$/, 'a merchant number of 15 letters and digits')

export const terminalIdOf = (values: JsonObject): string =>
  requiredText(values, 'tid', /^[A-Za-z0-9]{8}$/, 'a terminal number of 8 letters and digits')

export function urlOf(values: JsonObject, fallback: string): URL {
  const url = URL.parse(textOf(values, 'url') ?? fallback)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError('--url: expected an http or https URL')
  return url
}

/** The master key from `--tmk` or, out of the shell's history, from ANNUL_TMK. */
export function tmkOf(values: JsonObject): Uint8Array {
  const tmk = hexOf(
    { '--tmk (or ANNUL_TMK)': textOf(values, 'tmk') ?? process.env.ANNUL_TMK },
    '--tmk (or ANNUL_TMK)',
  )
  if (![8, 16].includes(tmk.length)) throw new UsageError('--tmk: expected 8 or 16 bytes in hex')
  return tmk
}

export const macProfileOf = (values: JsonObject): MacProfile | undefined =>
  values.mac === undefined ? undefined : oneOf(values, 'mac', MAC_PROFILES)

/** A whole number from `least` to `most`; undefined where the option is absent. */
export function numberOf(values: JsonObject, name: string, least: number, most: number): number | undefined {
  const text = textOf(values, name)
  if (text === undefined) return undefined
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < least || number > most)
    throw new UsageError(`--${name}: expected a whole number from ${least} to ${most}`)
  return number
}
