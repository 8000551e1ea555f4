/**
 * @module The properties of those who receive an answer, for any bytes: the adapter of an acquirer, the
 * terminal, the simulated acquirer. Bytes without the right MAC give no result. A right MAC over other fields
 * than the request's gives none either.
 */

import { checkResponse } from '../../src/acquirer/check-response.ts'
import type { AcquirerRequest, AcquirerResponse } from '../../src/acquirer/port.ts'
import { messageFor } from '../../src/acquirer/requests.ts'
import type { Core } from '../../src/core/instance.ts'
import { buildFrame } from '../../src/iso8583/frame.ts'
import { type MacKey, packWithMac } from '../../src/iso8583/mac.ts'
import { type Message, messageOf, unpackWhatCan } from '../../src/iso8583/message.ts'
import { readMessage } from '../../src/iso8583/received.ts'
import { simulatedRequestOf } from '../../src/simulator/messages.ts'
import { faultOf, needsMac } from '../../src/terminal/check-answer.ts'
import { must } from './counterexample.ts'

const REQUEST: Omit<AcquirerRequest, 'kind'> = {
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
const REQUESTS: readonly AcquirerRequest[] = (['void', 'reversal', 'inquiry'] as const).map((kind) => ({
  ...REQUEST,
  kind,
}))

const ENVELOPE = [Uint8Array.of(0x60, 0, 3, 0, 0), new Uint8Array(6)] as const
/** Repeated by every answer. */
const ECHOED = [3, 4, 11, 41, 42, 60]

export class AnswerProperties {
  readonly #key: MacKey

  constructor(core: Core) {
    this.#key = { core, macProfile: 'x9.19', macKey: Uint8Array.from({ length: 16 }, (_, at) => 17 * at + 1) }
  }

  /** Throws when a property does not hold. `body` is tested as it is, and as an answer of the acquirer. */
  check(input: Uint8Array, body: Uint8Array): string {
    const read = readMessage(input, this.#key.core.lrc)
    if (read.ok) simulatedRequestOf(read.value.message)
    const { mti, fields } = unpackWhatCan(body)
    return REQUESTS.map((acquirerRequest) => {
      const request = messageFor(acquirerRequest)
      must(
        checkResponse(this.#key, acquirerRequest, request, input).kind === 'unknown',
        `answer: accepts a ${acquirerRequest.kind} without a MAC`,
      )
      const unchanged: Message = { mti: mti ?? '0000', fields }
      const echoing = messageOf(answerMti(request), [
        ...[...fields].filter(([number]) => !request.fields.has(number)),
        ...[...request.fields],
        [39, fields.get(39)],
      ])
      return [unchanged, echoing]
        .map((answer) => this.#checkSigned(acquirerRequest, request, answer))
        .join('/')
    }).join(' ')
  }

  #checkSigned(acquirerRequest: AcquirerRequest, request: Message, answer: Message): string {
    const { core, macKey } = this.#key
    const mac = (covered: Uint8Array): Uint8Array => core.computeMac('x9.19', macKey, covered)
    const body = packWithMac(answer, mac)
    const check = (signed: Uint8Array): AcquirerResponse =>
      checkResponse(this.#key, acquirerRequest, request, buildFrame('tpdu', ...ENVELOPE, signed, core.lrc))
    const response = check(body)
    // One field differs from the request's, as in an answer to another message.
    const number = ECHOED[body.length % ECHOED.length] ?? 11
    const other = (request.fields.get(number) ?? '').replace(/^./, (digit) => (digit === '0' ? '1' : '0'))
    const crossed = packWithMac(messageOf(answer.mti, [...answer.fields, [number, other]]), mac)
    must(check(crossed).kind === 'unknown', `answer: accepts another message's field ${number}`)
    const changed = body.with(body.length - 1, (body.at(-1) ?? 0) ^ 1)
    must(check(changed).kind === 'unknown', `answer: accepts a ${acquirerRequest.kind} with a wrong MAC`)
    faultOf(request, answer)
    needsMac(request, answer)
    if (response.kind === 'unknown') return 'unknown'
    const echoesRequest = ECHOED.every((number) => answer.fields.get(number) === request.fields.get(number))
    must(
      echoesRequest && answer.mti === answerMti(request),
      `answer: accepts an answer to another request for a ${acquirerRequest.kind}`,
    )
    must(answer.fields.get(39) !== undefined, 'answer: accepts an answer without a response code')
    const mayBeMissing = acquirerRequest.kind === 'inquiry' || acquirerRequest.kind === 'reversal'
    must(
      response.kind !== 'not_found' || mayBeMissing,
      'answer: not found, but neither an inquiry nor a reversal',
    )
    return response.kind
  }
}

const answerMti = ({ mti }: Message): string => String(Number(mti) + 10).padStart(4, '0')
