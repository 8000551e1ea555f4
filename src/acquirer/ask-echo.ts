/** @module An echo (0820) at the acquirer: whether its line works (protocol.md §3.9). It has no MAC, so its answer decides nothing. */

import { buildFrame } from '../iso8583/frame.ts'
import { pack } from '../iso8583/message.ts'
import { readMessage } from '../iso8583/received.ts'
import { type InstitutionOptions, institutionFault, institutionMessage } from './institution.ts'
import { meaningOf } from './response-codes.ts'

/** 60.3 of an echo. */
const ECHO = '301'

/**
 * Sends an echo. Null: the acquirer answers. A refusal is an answer too, unless its code says that the acquirer fails. Otherwise the
 * fault, which never contains content. Never throws.
 */
export async function askEcho(options: InstitutionOptions, stan: string): Promise<string | null> {
  try {
    const { core, tpdu, header, send } = options
    const sent = institutionMessage(options, '0820', ECHO, stan)
    const answer = await send(buildFrame('tpdu', tpdu, header, pack(sent), core.lrc))
    if (answer === null) return 'no answer'
    const read = readMessage(answer, core.lrc)
    if (!read.ok) return read.error
    const { message } = read.value
    const fault = institutionFault(sent, message)
    if (fault !== null) return fault
    const responseCode = message.fields.get(39)
    if (responseCode === undefined) return 'field 39 is missing'
    return meaningOf(responseCode, 'requested') === 'unknown' ? `response code ${responseCode}` : null
  } catch (error) {
    // The name of an error is safe to log, its message is not.
    return error instanceof Error ? error.name : 'failed'
  }
}
