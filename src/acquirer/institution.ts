/**
 * @module Messages of the institution, not of a terminal: sign-on, echo and settlement (protocol.md §3.9). Fields 32 and 60.3 name them.
 */

import { responseMti } from '../iso8583/answer.ts'
import { field60Of } from '../iso8583/cup.ts'
import type { Send } from '../iso8583/frame.ts'
import type { MacKey } from '../iso8583/mac.ts'
import { type Message, messageOf, type OptionalFields } from '../iso8583/message.ts'
import type { AcquirerProfile } from './profile.ts'

export interface InstitutionOptions extends Pick<AcquirerProfile, 'tpdu' | 'header'>, Pick<MacKey, 'core'> {
  /** Field 32, 8 to 11 digits. */
  readonly institution: string
  readonly send: Send
}

/** These messages have no batch. */
const NO_BATCH = '000000'

/** A message; `stan` is its field 11, six digits, and `code` its 60.3, three digits. */
export const institutionMessage = (
  { institution }: Pick<InstitutionOptions, 'institution'>,
  mti: string,
  code: string,
  stan: string,
  more: OptionalFields = [],
): Message => messageOf(mti, [[11, stan], [32, institution], ...more, [60, `00${NO_BATCH}${code}`]])

/** The reason why a message does not answer this one. Field 11 must be there. Each other repeated field must be right. */
export function institutionFault(sent: Message, { mti, fields }: Message): string | null {
  if (mti !== responseMti(sent.mti)) return `MTI ${mti} does not answer ${sent.mti}`
  if (!fields.has(11)) return 'field 11 is missing'
  const differing = [11, 15, 32].find(
    (number) =>
      sent.fields.has(number) && fields.has(number) && fields.get(number) !== sent.fields.get(number),
  )
  if (differing !== undefined) return `field ${differing} differs`
  const [ours, theirs] = [field60Of(sent.fields), field60Of(fields)]
  const isRight = !fields.has(60) || ours.networkManagementCode === theirs.networkManagementCode
  return isRight ? null : 'field 60 differs'
}
