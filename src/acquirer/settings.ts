/**
 * @module The settings of an acquirer, checked once at the start. Errors contain the name of a setting, never its
 * value.
 */

import { makLengthOf } from '../domain/mac-profile.ts'
import { MAC_PROFILES, type MacProfile } from '../domain/terminal-profile.ts'
import { fromHex } from '../iso8583/hex.ts'
import type { Acquirer } from './port.ts'

/** The settings as in the environment. An absent setting has its default, if there is one. */
export interface HttpsSettings {
  readonly ACQUIRER_URL?: string
  readonly ACQUIRER_TPDU?: string
  readonly ACQUIRER_HEADER?: string
  readonly ACQUIRER_MAC?: string
  readonly ACQUIRER_MAC_KEY?: string
  readonly ACQUIRER_RECOVERY?: string
}

export interface HttpsConfiguration extends Pick<Acquirer, 'recovery'> {
  /** Null: the acquirer is a service binding. */
  readonly url: string | null
  readonly tpdu: Uint8Array
  readonly header: Uint8Array
  readonly macProfile: MacProfile
  readonly macKey: Uint8Array
}

const DEFAULTS = {
  ACQUIRER_TPDU: '6000030000',
  ACQUIRER_HEADER: '603100000000',
  ACQUIRER_MAC: 'cup-ecb',
  ACQUIRER_RECOVERY: 'inquiry',
}

const RECOVERIES: readonly Acquirer['recovery'][] = ['inquiry', 'repeat']

/** Throws RangeError with the name of the wrong setting. */
export function readHttpsSettings(settings: HttpsSettings): HttpsConfiguration {
  const given = { ...DEFAULTS, ...settings }
  const macProfile = oneOf('ACQUIRER_MAC', given.ACQUIRER_MAC, MAC_PROFILES)
  return {
    url: given.ACQUIRER_URL === undefined ? null : urlOf(given.ACQUIRER_URL),
    tpdu: hexOf('ACQUIRER_TPDU', given.ACQUIRER_TPDU, /^60\d{8}$/, '60 and 8 digits'),
    header: hexOf('ACQUIRER_HEADER', given.ACQUIRER_HEADER, /^[0-9A-F]{12}$/i, '12 hex digits'),
    macProfile,
    macKey: macKeyOf(given.ACQUIRER_MAC_KEY ?? '', makLengthOf(macProfile)),
    recovery: oneOf('ACQUIRER_RECOVERY', given.ACQUIRER_RECOVERY, RECOVERIES),
  }
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value)
  if (found === undefined) throw new RangeError(`${name}: expected ${allowed.join(' or ')}`)
  return found
}

/** Card numbers go to this URL, so plain HTTP is allowed only within one machine. */
function urlOf(value: string): string {
  const url = URL.parse(value)
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(url?.hostname ?? '')
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)
  if (url === null || !isSafe || url.username !== '' || url.password !== '')
    throw new RangeError('ACQUIRER_URL: expected an https URL (http on this machine only)')
  return url.href
}

function hexOf(name: string, value: string, pattern: RegExp, expected: string): Uint8Array {
  const bytes = pattern.test(value) ? fromHex(value) : undefined
  if (bytes === undefined) throw new RangeError(`${name}: expected ${expected}`)
  return bytes
}

const macKeyOf = (value: string, bytes: number): Uint8Array =>
  hexOf('ACQUIRER_MAC_KEY', value, new RegExp(`^[0-9A-F]{${2 * bytes}}$`, 'i'), `${2 * bytes} hex digits`)
