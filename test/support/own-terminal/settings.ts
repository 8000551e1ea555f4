/** @module The settings that the own terminal gets before its first day. */

import type { MicroForms } from '../micro-iso8583.ts'
import type { OwnLayout, OwnMacProfile } from './keys.ts'
import type { OwnLine } from './line.ts'

export interface OwnSettings {
  readonly merchantId: string
  readonly terminalId: string
  /** Hex. */
  readonly masterKey: string
  readonly macProfile: OwnMacProfile
  readonly layout: OwnLayout
  readonly forms: MicroForms
  readonly line: OwnLine
  /** Whether 0500 and 0320 have field 64. */
  readonly settlesWithMac: boolean
  /** Whether a sale or void without an answer is sent once more, as a 0201, before it is reversed. */
  readonly repeats: boolean
  /** The MTIs of a reversal and of its repeats. */
  readonly reversalMtis: readonly [first: string, repeat: string]
  /** Whether a reversal has the fields that name its target, and no others. */
  readonly reversesShort: boolean
  /** The forms of its voids. */
  readonly voidForms: 'strict' | 'lenient'
  /** Whether it sends PIN blocks and encrypted tracks. */
  readonly encrypts: boolean
  /** Digits of field 60 of a sale or void behind 60.2, and digits of field 61 of a void behind 61.2. */
  readonly tails: { readonly field60: string; readonly field61: string }
  /** Whether each batch begins with trace number 1. */
  readonly restartsTraces: boolean
  /** The first trace number of all. */
  readonly firstTrace: number
  readonly textEncoding: 'gbk' | 'ascii'
  readonly texts: 'short' | 'long'
}
