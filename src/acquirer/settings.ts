/**
 * @module The settings of an acquirer, checked once at the start. Errors contain the name of a setting, never its
 * value.
 */

import type { CutOff } from '../domain/acquirer-day.ts'
import { makLengthOf } from '../domain/mac-profile.ts'
import { MAC_PROFILES, type MacProfile } from '../domain/terminal-profile.ts'
import { isWeakMasterKey } from '../domain/weak-key.ts'
import { fromHex } from '../iso8583/hex.ts'
import { ZONE_KEY_BYTES } from '../iso8583/zone-key.ts'
import type { Acquirer } from './port.ts'
import {
  type AcquirerProfile,
  DECLINES,
  ECHO_FIELDS,
  type EchoField,
  isEnoughEcho,
  USUAL_ECHO,
} from './profile.ts'

/** The settings as in the environment. An absent setting has its default, if there is one. */
export interface HttpsSettings {
  readonly ACQUIRER_URL?: string
  readonly ACQUIRER_TPDU?: string
  readonly ACQUIRER_HEADER?: string
  readonly ACQUIRER_MAC?: string
  readonly ACQUIRER_MAC_KEY?: string
  readonly ACQUIRER_ZONE_KEY?: string
  readonly ACQUIRER_RECOVERY?: string
  readonly ACQUIRER_ECHO?: string
  readonly ACQUIRER_DECLINES?: string
  readonly ACQUIRER_DEADLINE?: string
  readonly ACQUIRER_IDLE?: string
  readonly ACQUIRER_CUTOFF?: string
}

export interface HttpsConfiguration extends Required<AcquirerProfile> {
  /** Null: the acquirer is a service binding. */
  readonly url: string | null
  /** The clear key that wraps the MAC keys of sign-ons; `macKey` is empty then. Null: there are no sign-ons. */
  readonly zoneKey: Uint8Array | null
  /** Milliseconds without an answer after which the cron sends an echo. 0: never. */
  readonly idleMs: number
  /** The end of the acquirer's day. Null: Annul settles no day with it. */
  readonly cutOff: CutOff | null
}

const DEFAULTS = {
  ACQUIRER_TPDU: '6000030000',
  ACQUIRER_HEADER: '603100000000',
  ACQUIRER_MAC: 'cup-ecb',
  ACQUIRER_RECOVERY: 'inquiry',
  ACQUIRER_ECHO: USUAL_ECHO.join(' '),
  ACQUIRER_DECLINES: 'signed',
  ACQUIRER_DEADLINE: '20',
  ACQUIRER_IDLE: '2',
}

const RECOVERIES: readonly Acquirer['recovery'][] = ['inquiry', 'repeat']

/** A terminal waits 30 seconds, and a request leaves the limits of the isolate after 30 seconds at the latest. */
const LONGEST_DEADLINE_S = 28

const LONGEST_IDLE_MINUTES = 60

/**
 * Throws RangeError with the name of the wrong setting. `isBound`: the acquirer is a service binding, which takes the place of
 * the URL.
 */
export function readHttpsSettings(settings: HttpsSettings, isBound = false): HttpsConfiguration {
  const given = { ...DEFAULTS, ...settings }
  const macProfile = oneOf('ACQUIRER_MAC', given.ACQUIRER_MAC, MAC_PROFILES)
  const url = given.ACQUIRER_URL === undefined ? null : urlOf(given.ACQUIRER_URL)
  const declines = oneOf('ACQUIRER_DECLINES', given.ACQUIRER_DECLINES, DECLINES)
  // Only TLS, or this machine, stands between an unsigned decline and a forged one.
  if (declines === 'unsigned' && (isBound || url === null))
    throw new RangeError('ACQUIRER_DECLINES: unsigned needs ACQUIRER_URL, and no service binding')
  return {
    url,
    tpdu: hexOf('ACQUIRER_TPDU', given.ACQUIRER_TPDU, /^60\d{8}$/, '60 and 8 digits'),
    header: hexOf('ACQUIRER_HEADER', given.ACQUIRER_HEADER, /^[0-9A-F]{12}$/i, '12 hex digits'),
    macProfile,
    ...keysOf(given, macProfile),
    recovery: oneOf('ACQUIRER_RECOVERY', given.ACQUIRER_RECOVERY, RECOVERIES),
    echo: echoOf(given.ACQUIRER_ECHO),
    declines,
    deadlineMs: 1000 * numberOf('ACQUIRER_DEADLINE', given.ACQUIRER_DEADLINE, LONGEST_DEADLINE_S, 'seconds'),
    idleMs: 60_000 * numberOf('ACQUIRER_IDLE', given.ACQUIRER_IDLE, LONGEST_IDLE_MINUTES, 'minutes'),
    cutOff: cutOffOf(given.ACQUIRER_CUTOFF),
  }
}

/** Field numbers with blanks or commas between them. */
function echoOf(value: string): readonly EchoField[] {
  const given = value.split(/[\s,]+/).filter((number) => number !== '')
  const fields = ECHO_FIELDS.filter((number) => given.includes(String(number)))
  if (fields.length !== given.length || !isEnoughEcho(fields))
    throw new RangeError(`ACQUIRER_ECHO: expected 11, 41 or 42, and others of ${ECHO_FIELDS.join(' ')}`)
  return fields
}

function numberOf(name: string, value: string, most: number, unit: string): number {
  if (!/^\d{1,2}$/.test(value) || Number(value) > most)
    throw new RangeError(`${name}: expected 0 to ${most} ${unit}`)
  return Number(value)
}

const CHINA_MINUTES = 480
const DAY_MINUTES = 1440

/** A time of day, and the zone if it is not that of China. The day ends at 00:00 with the date before. */
function cutOffOf(value: string | undefined): CutOff | null {
  if (value === undefined) return null
  const [, hours, minutes, sign, zoneHours, zoneMinutes] =
    /^([01]\d|2[0-3]):([0-5]\d)(?: ?([+-])(0\d|1[0-4]):([0-5]\d))?$/.exec(value) ?? []
  if (hours === undefined) throw new RangeError('ACQUIRER_CUTOFF: expected hh:mm, or hh:mm+hh:mm with a zone')
  const zone = 60 * Number(zoneHours) + Number(zoneMinutes)
  return {
    minutes: 60 * Number(hours) + Number(minutes) || DAY_MINUTES,
    offsetMinutes: sign === undefined ? CHINA_MINUTES : Number(`${sign}1`) * zone,
  }
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value)
  if (found === undefined) throw new RangeError(`${name}: expected ${allowed.join(' or ')}`)
  return found
}

/** The addresses of this machine, as `URL` writes them. It turns every spelling of an IPv4 address into four numbers. */
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/
const IP_ADDRESS = /^(?:\d+\.\d+\.\d+\.\d+|\[.*\])$/

/**
 * Card numbers go to this URL, so plain HTTP is allowed only within one machine. A Worker cannot fetch an IP address, so only
 * an address of this machine is allowed, for development.
 */
function urlOf(value: string): string {
  const url = URL.parse(value)
  const isLocal = LOOPBACK.test(url?.hostname ?? '')
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)
  if (url === null || !isSafe || url.username !== '' || url.password !== '')
    throw new RangeError('ACQUIRER_URL: expected an https URL (http on this machine only)')
  if (!isLocal && IP_ADDRESS.test(url.hostname))
    throw new RangeError('ACQUIRER_URL: expected a domain name, because a Worker cannot fetch an IP address')
  return url.href
}

function hexOf(name: string, value: string, pattern: RegExp, expected: string): Uint8Array {
  const bytes = pattern.test(value) ? fromHex(value) : undefined
  if (bytes === undefined) throw new RangeError(`${name}: expected ${expected}`)
  return bytes
}

const macKeyOf = (value: string, bytes: number): Uint8Array =>
  hexOf('ACQUIRER_MAC_KEY', value, new RegExp(`^[0-9A-F]{${2 * bytes}}$`, 'i'), `${2 * bytes} hex digits`)

/** A zone key takes the place of the MAC key, also when both are set. */
const keysOf = (
  { ACQUIRER_ZONE_KEY, ACQUIRER_MAC_KEY = '' }: HttpsSettings,
  macProfile: MacProfile,
): Pick<HttpsConfiguration, 'macKey' | 'zoneKey'> =>
  ACQUIRER_ZONE_KEY === undefined
    ? { macKey: macKeyOf(ACQUIRER_MAC_KEY, makLengthOf(macProfile)), zoneKey: null }
    : { macKey: new Uint8Array(0), zoneKey: zoneKeyOf(ACQUIRER_ZONE_KEY, macProfile) }

/** A zone key protects all MAC keys, so a weak one is refused. */
function zoneKeyOf(value: string, macProfile: MacProfile): Uint8Array {
  const expected = `${2 * ZONE_KEY_BYTES} hex digits`
  const key = hexOf(
    'ACQUIRER_ZONE_KEY',
    value,
    new RegExp(`^[0-9A-F]{${2 * ZONE_KEY_BYTES}}$`, 'i'),
    expected,
  )
  if (isWeakMasterKey(macProfile, key, { allowSingleLength: false, parity: 'any' }))
    throw new RangeError(`ACQUIRER_ZONE_KEY: expected ${expected} of a key that is not weak`)
  return key
}
