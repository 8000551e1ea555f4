/**
 * @module The fault of a message against the profile of its terminal (protocol.md §2.5). The profile is known only after the message was
 * parsed, because fields 41 and 42 name the terminal.
 */

import { passesLuhn } from '../domain/card-number.ts'
import { isMalleable } from '../domain/mac-profile.ts'
import { mayBeLeftPadded } from '../domain/pan.ts'
import type { MessageForms, TerminalProfile } from '../domain/terminal-profile.ts'
import { packFault } from './canonical.ts'
import { hasAccountType } from './cup.ts'
import { plainHeader } from './header.ts'
import { unpack } from './message.ts'
import { parsePosMessage, type TransactionMessage } from './pos-message.ts'

export interface ProfileFault {
  readonly field: number | 'header'
  /** At most 16 characters of ASCII, so that field 63 holds it with the number. It has no content of the message. */
  readonly why: string
}

/** The message as its terminal means it: field 22 is read from the side of the profile. */
export function readAs(
  posMessage: TransactionMessage,
  { entryMode }: Pick<MessageForms, 'entryMode'>,
): TransactionMessage {
  // A reversal is read by a reader of its own, and needs no field 22.
  const isReversal = posMessage.targetKey !== undefined
  if (entryMode === 'left' || isReversal || !posMessage.message.fields.has(22)) return posMessage
  const message = unpack(posMessage.frame.body, entryMode)
  if (!message.ok) return posMessage
  const read = parsePosMessage({ ...posMessage, message: message.value })
  return read.kind === 'transaction' ? read : posMessage
}

/** The fault of the header between TPDU and message; null when it is that of the profile. */
export function faultOfHeader(
  header: Uint8Array,
  forms: Pick<MessageForms, 'headerLength' | 'headerTlv'>,
): ProfileFault | null {
  if (plainHeader(header, forms) !== null) return null
  const { headerLength, headerTlv } = forms
  return { field: 'header', why: headerTlv ? `not ${headerLength}+TLV` : `not ${headerLength} bytes` }
}

/** The first fault of a message that was read with `readAs`; null when there is none. */
export function profileFault(
  { type, frame, message, targetKey, fault: strictFault, faultIfLenient, pan }: TransactionMessage,
  profile: TerminalProfile,
): ProfileFault | null {
  // No MAC covers the header, and a reversal must be processed.
  const headerFault = targetKey === undefined ? faultOfHeader(frame.header, profile) : null
  if (headerFault !== null) return headerFault
  const fault = profile.voidForms === 'lenient' ? faultIfLenient : strictFault
  if (fault !== undefined) {
    const why = message.fields.has(fault) ? 'has a wrong form' : 'is missing'
    return { field: fault, why }
  }
  // A folding MAC protects a message only when one form of its bytes is accepted. A reversal may have any form.
  if (isMalleable(profile.macProfile) && targetKey === undefined) {
    if (hasAccountType(message)) return { field: 3, why: 'has account type' }
    const stray = packFault(frame.body, message, profile)
    if (stray !== null) return stray
  }
  if ((type !== 'sale' && type !== 'void') || pan === undefined) return null
  const field = message.fields.has(2) ? 2 : 35
  if (mayBeLeftPadded(message.fields.get(field) ?? '')) return { field, why: 'is padded left' }
  if (profile.cardCheck === 'luhn' && !passesLuhn(pan)) return { field, why: 'has a wrong digit' }
  return null
}
