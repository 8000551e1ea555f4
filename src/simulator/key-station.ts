/**
 * @module The MAC key of a simulated acquirer: one for good, or that of the last sign-on. A new key replaces the one before at once, as
 * the strictest real acquirers do. The same sign-on gets the same answer.
 */

import { makLengthOf } from '../domain/mac-profile.ts'
import { buildAnswer } from '../iso8583/answer.ts'
import { field60Of } from '../iso8583/cup.ts'
import { toHex } from '../iso8583/hex.ts'
import type { MacKey } from '../iso8583/mac.ts'
import type { Message } from '../iso8583/message.ts'
import { layoutOf, wrappedRecord, type ZoneKey } from '../iso8583/zone-key.ts'
import { seededRandom } from './faults.ts'
import { localClock } from './messages.ts'

export interface KeyStationOptions extends MacKey {
  readonly zoneKey?: Uint8Array | undefined
}

/** The seed of the keys. They come from no other draw, so that a plan of faults gives the same faults. */
const KEY_SEED = 0x4b45_5953

/** Bytes of a key in field 62. */
const RECORD_BYTES = 16

export class KeyStation {
  readonly core: MacKey['core']
  readonly #options: KeyStationOptions
  readonly #zone: ZoneKey | null
  readonly #random = seededRandom(KEY_SEED)
  #macKey: Uint8Array | null
  #last: { readonly stan: string; readonly keys: string; readonly macKey: Uint8Array } | null = null

  constructor(options: KeyStationOptions) {
    const { core, macProfile, macKey, zoneKey } = options
    this.core = core
    this.#options = options
    this.#zone = zoneKey === undefined ? null : { core, macProfile, zoneKey }
    this.#macKey = zoneKey === undefined ? macKey : null
  }

  get hasZoneKey(): boolean {
    return this.#zone !== null
  }

  /** Null before the first sign-on, and after the key is lost. */
  get current(): MacKey | null {
    return this.#macKey === null ? null : { ...this.#options, macKey: this.#macKey }
  }

  /** Without a zone key, the key is for good. */
  lose(): void {
    if (this.#zone === null) return
    this.#macKey = null
    this.#last = null
  }

  /** The answer to a sign-on, without a MAC. */
  signOn(request: Message, now: number): Message {
    const stan = request.fields.get(11) ?? ''
    const zone = this.#zone
    const isRight =
      zone !== null && field60Of(request.fields).networkManagementCode === layoutOf(zone.macProfile)
    if (isRight && this.#last?.stan !== stan) this.#last = this.#newKeys(zone, stan)
    if (isRight && this.#last !== null) this.#macKey = this.#last.macKey
    return buildAnswer(request, 'sign_on', {
      responseCode: isRight ? '00' : '40',
      ...localClock(now),
      settlementDate: '',
      rrn: '0'.repeat(12),
      authorizationCode: null,
      acquirerId: request.fields.get(32) ?? '',
      receivingInstitution: '',
      privateData: '',
      keys: isRight ? this.#last?.keys : undefined,
    })
  }

  /** A PIN key, which nobody uses, and the MAC key. An SM4 layout has a track key behind them. */
  #newKeys(zone: ZoneKey, stan: string) {
    const macKey = this.#fresh(makLengthOf(zone.macProfile))
    const others = layoutOf(zone.macProfile) === '006' ? 2 : 1
    const [pinKey = macKey, ...rest] = Array.from({ length: others }, () => this.#fresh(RECORD_BYTES))
    const records = [pinKey, macKey, ...rest].map((key) => toHex(wrappedRecord(zone, key, RECORD_BYTES)))
    return { stan, keys: records.join(''), macKey }
  }

  #fresh(bytes: number): Uint8Array {
    return Uint8Array.from({ length: bytes }, () => Math.floor(this.#random() * 256))
  }
}
