/**
 * @module The profile of an acquirer: what its interface document says, with the keys of both directions. docs/deploy.md
 * describes its settings.
 */

import type { MacProfile } from '../domain/terminal-profile.ts'
import type { Acquirer } from './port.ts'

/** The fields that an acquirer may repeat. Each one that is there must be right. Field 60 stands for 60.1 and 60.2. */
export const ECHO_FIELDS = [3, 4, 11, 41, 42, 49, 60] as const
export type EchoField = (typeof ECHO_FIELDS)[number]

/** The fields that an acquirer must repeat, when the profile names no others. */
export const USUAL_ECHO: readonly EchoField[] = [3, 4, 11, 41, 42, 60]

/** `unsigned`: a decline of a sale counts without field 64. A decline of anything else never does. */
export const DECLINES = ['signed', 'unsigned'] as const
export type Declines = (typeof DECLINES)[number]

export interface AcquirerProfile extends Pick<Acquirer, 'recovery' | 'deadlineMs'> {
  /** 5 bytes. */
  readonly tpdu: Uint8Array
  /** 6 bytes. */
  readonly header: Uint8Array
  /** Both directions have one MAC profile. */
  readonly macProfile: MacProfile
  /** Clear key of both directions. Its length depends on the MAC profile. Empty with keys of sign-ons. */
  readonly macKey: Uint8Array
  /** The fields that each response must repeat: 11, one of 41 and 42, and others. Absent: the usual ones. */
  readonly echo?: readonly EchoField[]
  /** Absent: `signed`. */
  readonly declines?: Declines
}

/** Whether these fields tie a response to its request: its trace number, and its terminal or merchant. */
export const isEnoughEcho = (fields: readonly EchoField[]): boolean =>
  fields.includes(11) && (fields.includes(41) || fields.includes(42))
