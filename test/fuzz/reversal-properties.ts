/** @module The properties of the reader of reversals for any bytes. */

import { USUAL_FORMS } from '../../src/domain/terminal-profile.ts'
import { isReversalMti, type TransactionType } from '../../src/iso8583/cup.ts'
import { readField60 } from '../../src/iso8583/field60.ts'
import { type Message, macInput, mtiOf, unpack } from '../../src/iso8583/message.ts'
import { parsePosHead, parsePosMessage } from '../../src/iso8583/pos-message.ts'
import { profileFault } from '../../src/iso8583/profile-fault.ts'
import { readReversal } from '../../src/iso8583/reversal.ts'
import { must } from './counterexample.ts'

const FOLDING = {
  ...USUAL_FORMS,
  status: 'active',
  macProfile: 'cup-ecb',
  textEncoding: 'gbk',
  settlementMac: 'required',
} as const

const ENVELOPE = { kind: 'tpdu', tpdu: new Uint8Array(5), header: new Uint8Array(6) } as const

/**
 * A reversal has the fields that name its target, and no fault but a trace number of zeros. It has the values of the strict reader,
 * when that can read it. `checkAnswer` builds and checks its answer. Returns the start of a description.
 */
export function checkReversal(
  body: Uint8Array,
  checkAnswer: (request: Message, type: TransactionType | undefined) => void,
): string {
  if (!isReversalMti(mtiOf(body))) return ''
  const read = readReversal(body)
  if (!read.ok) return 'no target, '
  const { fields } = read.value
  for (const number of [11, 41, 42, 60]) must(fields.has(number), 'reversal: names no target')
  const strict = unpack(body)
  if (strict.ok && readField60(strict.value.fields.get(60) ?? '') !== undefined)
    for (const [number, value] of fields)
      must(
        strict.value.fields.get(number) === value,
        'reversal: other values than those of the strict reader',
      )
  const parsed = parsePosMessage(parsePosHead({ ...ENVELOPE, body }, read.value))
  must([undefined, 11].includes(parsed.fault), 'reversal: a fault in another field')
  if (parsed.kind === 'transaction') {
    must(Buffer.compare(parsed.macInput, macInput(body)) === 0, 'reversal: MAC input')
    must(parsed.hasMac === (parsed.macInput.length === body.length - 8), 'reversal: MAC')
    const fault = profileFault(parsed, FOLDING)
    must(fault === null || fault.field === 11, 'reversal: depends on its pads')
  }
  checkAnswer(read.value, parsed.type)
  return 'a target, '
}
