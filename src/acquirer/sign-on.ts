/**
 * @module A sign-on (0800) at the acquirer: a new MAC key under the zone key (protocol.md §3.9). It names the institution, not a
 * terminal, and has no MAC.
 */

import { err, ok, type Result } from '../domain/result.ts'
import { responseMti } from '../iso8583/answer.ts'
import { field60Of } from '../iso8583/cup.ts'
import { buildFrame, type Send } from '../iso8583/frame.ts'
import { macFault } from '../iso8583/mac.ts'
import { type Message, messageOf, pack } from '../iso8583/message.ts'
import { readMessage } from '../iso8583/received.ts'
import { layoutOf, openWorkingKey, type ZoneKey } from '../iso8583/zone-key.ts'
import type { AcquirerProfile } from './profile.ts'

export interface SignOnOptions extends ZoneKey, Pick<AcquirerProfile, 'tpdu' | 'header'> {
  /** Field 32, 8 to 11 digits. */
  readonly institution: string
  readonly send: Send
}

/** A sign-on has no batch. */
const NO_BATCH = '000000'

/** The message; `stan` is its field 11, six digits. */
const signOnMessage = ({ institution, macProfile }: SignOnOptions, stan: string): Message =>
  messageOf('0800', [
    [11, stan],
    [32, institution],
    [60, `00${NO_BATCH}${layoutOf(macProfile)}`],
  ])

/**
 * Signs on. Returns the new MAC key in clear, which the caller wipes. An error means that no key of this sign-on counts, and never
 * contains content. Never throws.
 */
export async function signOnAt(
  options: SignOnOptions,
  stan: string,
): Promise<Result<Uint8Array<ArrayBuffer>, string>> {
  try {
    const { core, tpdu, header, send } = options
    const sent = signOnMessage(options, stan)
    const answer = await send(buildFrame('tpdu', tpdu, header, pack(sent), core.lrc))
    return answer === null ? err('no answer') : keyOf(options, sent, answer)
  } catch (error) {
    // The name of an error is safe to log, its message is not.
    return err(error instanceof Error ? error.name : 'failed')
  }
}

function keyOf(
  options: SignOnOptions,
  sent: Message,
  bytes: Uint8Array,
): Result<Uint8Array<ArrayBuffer>, string> {
  const read = readMessage(bytes, options.core.lrc)
  if (!read.ok) return read
  const { frame, message } = read.value
  if (frame.kind !== 'tpdu') return err('a serial frame')
  const fault = signOnFault(sent, message)
  if (fault !== null) return err(fault)
  const key = openWorkingKey(options, message.fields.get(62) ?? '')
  if (!key.ok || !message.fields.has(64)) return key
  // A MAC that is there must be right, under the key that came with it.
  const wrong = macFault({ ...options, macKey: key.value }, frame.body, message)
  if (wrong === null) return ok(key.value)
  key.value.fill(0)
  return err(wrong)
}

/** The reason why a message does not grant this sign-on. Field 11 must be there. Each other repeated field must be right. */
function signOnFault(sent: Message, { mti, fields }: Message): string | null {
  if (mti !== responseMti(sent.mti)) return `MTI ${mti} does not answer ${sent.mti}`
  const differs = (number: number) => fields.get(number) !== sent.fields.get(number)
  if (!fields.has(11)) return 'field 11 is missing'
  if (differs(11)) return 'field 11 differs'
  if (fields.has(32) && differs(32)) return 'field 32 differs'
  const [ours, theirs] = [field60Of(sent.fields), field60Of(fields)]
  if (fields.has(60) && ours.networkManagementCode !== theirs.networkManagementCode) return 'field 60 differs'
  const responseCode = fields.get(39)
  if (responseCode === undefined) return 'field 39 is missing'
  return responseCode === '00' ? null : `response code ${responseCode}`
}
