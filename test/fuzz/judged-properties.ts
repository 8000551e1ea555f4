/**
 * @module What those who receive an answer owe for any bytes: the adapter of an acquirer, the terminal, the simulated acquirer.
 * Bytes without the right MAC say nothing; a right MAC over other fields than the request's says nothing either.
 */

import { checkResponse } from '../../src/acquirer/check-response.ts'
import type { AcquirerRequest, AcquirerResponse } from '../../src/acquirer/port.ts'
import { messageFor } from '../../src/acquirer/requests.ts'
import type { Core } from '../../src/core/instance.ts'
import { buildFrame } from '../../src/iso8583/frame.ts'
import { type MacKey, packWithMac } from '../../src/iso8583/mac.ts'
import { type Message, messageOf, unpackWhatCan } from '../../src/iso8583/message.ts'
import { readMessage } from '../../src/iso8583/received.ts'
import { simulatedRequestOf } from '../../src/simulator/speech.ts'
import { faultOf, needsMac } from '../../src/terminal/check-answer.ts'
import { must } from './finding.ts'

const QUESTION: Omit<AcquirerRequest, 'kind'> = {
  of: 'void',
  merchantId: '123456789012345',
  terminalId: '12345678',
  batchNumber: '000001',
  acquirerStan: '000042',
  amount: 1234,
  currencyCode: '156',
  original: {
    batchNumber: '000001',
    stan: '000041',
    rrn: '700000000001',
    authorizationCode: '001000',
  },
  cardFields: null,
}
const QUESTIONS: readonly AcquirerRequest[] = (['void', 'reversal', 'inquiry'] as const).map((kind) => ({
  ...QUESTION,
  kind,
}))

const ENVELOPE = [Uint8Array.of(0x60, 0, 3, 0, 0), new Uint8Array(6)] as const
/** Repeated by every answer. */
const ECHOED = [3, 4, 11, 41, 42, 60]

export class JudgedProperties {
  readonly #key: MacKey

  constructor(core: Core) {
    this.#key = { core, macProfile: 'x9.19', macKey: Uint8Array.from({ length: 16 }, (_, at) => 17 * at + 1) }
  }

  /** Throws where a property does not hold. `body` as such, and as an answer of the acquirer's own. */
  check(input: Uint8Array, body: Uint8Array): string {
    const read = readMessage(input, this.#key.core.lrc)
    if (read.ok) simulatedRequestOf(read.value.message)
    const { mti, fields } = unpackWhatCan(body)
    return QUESTIONS.map((question) => {
      const request = messageFor(question)
      must(
        checkResponse(this.#key, question, request, input).kind === 'unknown',
        `judge: believes a ${question.kind} without a MAC`,
      )
      const asItIs: Message = { mti: mti ?? '0000', fields }
      const echoing = messageOf(answerMti(request), [
        ...[...fields].filter(([number]) => !request.fields.has(number)),
        ...[...request.fields],
        [39, fields.get(39)],
      ])
      return [asItIs, echoing].map((answer) => this.#checkSigned(question, request, answer)).join('/')
    }).join(' ')
  }

  #checkSigned(question: AcquirerRequest, request: Message, answer: Message): string {
    const { core, macKey } = this.#key
    const mac = (covered: Uint8Array): Uint8Array => core.computeMac('x9.19', macKey, covered)
    const body = packWithMac(answer, mac)
    const judgedAs = (signed: Uint8Array): AcquirerResponse =>
      checkResponse(this.#key, question, request, buildFrame('tpdu', ...ENVELOPE, signed, core.lrc))
    const judged = judgedAs(body)
    // One field of the request's otherwise: what an acquirer would say of another message.
    const number = ECHOED[body.length % ECHOED.length] ?? 11
    const other = (request.fields.get(number) ?? '').replace(/^./, (digit) => (digit === '0' ? '1' : '0'))
    const crossed = packWithMac(messageOf(answer.mti, [...answer.fields, [number, other]]), mac)
    must(judgedAs(crossed).kind === 'unknown', `judge: believes another message's field ${number}`)
    const bent = body.with(body.length - 1, (body.at(-1) ?? 0) ^ 1)
    must(judgedAs(bent).kind === 'unknown', `judge: believes a ${question.kind} with a wrong MAC`)
    faultOf(request, answer)
    needsMac(request, answer)
    if (judged.kind === 'unknown') return 'unknown'
    const isEchoed = ECHOED.every((number) => answer.fields.get(number) === request.fields.get(number))
    must(
      isEchoed && answer.mti === answerMti(request),
      `judge: believes an answer to something else as to a ${question.kind}`,
    )
    must(answer.fields.get(39) !== undefined, 'judge: believes an answer without a response code')
    const mayBeMissing = question.kind === 'inquiry' || question.kind === 'reversal'
    must(judged.kind !== 'not_found' || mayBeMissing, 'judge: not found, and neither inquired nor reversed')
    return judged.kind
  }
}

const answerMti = ({ mti }: Message): string => String(Number(mti) + 10).padStart(4, '0')
