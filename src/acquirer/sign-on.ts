/**
 * @module A sign-on (0800) at the acquirer: a new MAC key under the zone key (protocol.md §3.9). It names the institution, not a
 * terminal, and has no MAC.
 */

import { err, ok, type Result } from '../domain/result.ts'
import { buildFrame } from '../iso8583/frame.ts'
import { macFault } from '../iso8583/mac.ts'
import { type Message, pack } from '../iso8583/message.ts'
import { readMessage } from '../iso8583/received.ts'
import { layoutOf, openWorkingKey, type ZoneKey } from '../iso8583/zone-key.ts'
import { type InstitutionOptions, institutionFault, institutionMessage } from './institution.ts'

export interface SignOnOptions extends ZoneKey, InstitutionOptions {}

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
    const sent = institutionMessage(options, '0800', layoutOf(options.macProfile), stan)
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

/** The reason why a message does not grant this sign-on. */
function signOnFault(sent: Message, answer: Message): string | null {
  const fault = institutionFault(sent, answer)
  if (fault !== null) return fault
  const responseCode = answer.fields.get(39)
  if (responseCode === undefined) return 'field 39 is missing'
  return responseCode === '00' ? null : `response code ${responseCode}`
}
