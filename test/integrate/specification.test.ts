/**
 * The specification page describes the requests that the service reads, with each field left out and each
 * other field added.
 */

import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { loadCore } from '../../src/cli/lib/core.ts'
import { type TransactionType, transactionTypeOf } from '../../src/iso8583/cup.ts'
import type { Message } from '../../src/iso8583/message.ts'
import { ELEMENTS } from '../../src/iso8583/spec.ts'
import { takeStan } from '../../src/terminal/state.ts'
import { runDay, TERMINAL } from './day.ts'
import { EXAMPLES } from './field-rows.ts'
import { answerOf, FORMS, needOf, TYPES } from './message-rows.ts'
import { RecordedTerminal, Recorder } from './recorder.ts'
import { messageIn } from './samples.ts'
import { openService, type Service } from './service.ts'

const samples = await runDay()

/** A request of each type, from the day. */
const requests = new Map<TransactionType, Message>()
for (const { request } of samples) {
  const message = messageIn(request)
  const type = transactionTypeOf(message)
  if (type !== undefined && !requests.has(type)) requests.set(type, message)
}

const requestOf = (type: TransactionType): Message => {
  const message = requests.get(type)
  if (message === undefined) throw new Error(`no ${type} among the samples`)
  return message
}

const changed = ({ mti, fields }: Message, number: number, value?: string): Message => {
  const others = [...fields].filter(([n]) => n !== number)
  const all: [number, string][] = value === undefined ? others : [...others, [number, value]]
  return { mti, fields: new Map(all.sort(([a], [b]) => a - b)) }
}

const NO_ANSWER = 'no answer'

describe('a request', () => {
  let service: Service
  let terminal: RecordedTerminal

  beforeAll(async () => {
    service = await openService()
    const recorder = new Recorder(service, await loadCore(), { isNamed: false })
    terminal = new RecordedTerminal(recorder, TERMINAL)
    await terminal.provision()
    await terminal.terminal.signOn()
    await terminal.terminal.sale(1234, EXAMPLES[2] ?? '')
  })
  afterAll(() => service.close())

  /** Field 39 of the answer. Undefined for an accepted settlement. */
  async function codeOf(message: Message, mac: 'right' | 'none'): Promise<string | undefined> {
    const answer = await terminal.send(message, { mac })
    if (answer === null) return NO_ANSWER
    return messageIn(answer).fields.get(39)
  }

  const macOf = (type: TransactionType) => (FORMS[type].mac === 'none' ? 'none' : 'right')

  const fresh = (type: TransactionType): Message => {
    const message = requestOf(type)
    return message.fields.has(11) ? changed(message, 11, takeStan(terminal.state)) : message
  }

  /** Field 39 when a mandatory field is missing. */
  const MISSING: Readonly<Record<number, string>> = { 41: '97', 60: '40', 64: 'A0' }

  /** Without a MAC a terminal of another merchant is an unknown one. */
  const withoutMerchant = (type: TransactionType) => (FORMS[type].mac === 'none' ? '97' : '03')

  /** A reversal that names no target gets no answer, so that the terminal keeps it. */
  function missing(type: TransactionType, number: number): string {
    if (type.endsWith('_reversal') && number !== 64) return NO_ANSWER
    return number === 42 ? withoutMerchant(type) : (MISSING[number] ?? '30')
  }

  const mandatory = TYPES.flatMap((type) =>
    ELEMENTS.filter(({ number }) => needOf(type, number) === 'M').map(({ number }) => ({ type, number })),
  )

  test.each(mandatory)('$type is refused without its mandatory field $number', async ({ type, number }) => {
    const mac = number === 64 ? 'none' : macOf(type)
    expect(await codeOf(changed(fresh(type), number), mac)).toBe(missing(type, number))
  })

  test.each(TYPES)('%s may have every other field of the table, or none of them', async (type) => {
    const extra = ELEMENTS.filter(({ number }) => needOf(type, number) !== 'M' && number !== 64)
    let none = fresh(type)
    // A void names its sale by field 61 or by field 37.
    for (const { number } of extra) if (type !== 'void' || number !== 61) none = changed(none, number)
    expect(await codeOf(none, macOf(type))).not.toBe('30')
    let all = fresh(type)
    for (const { number } of extra) {
      if (number === 11 || all.fields.has(number)) continue
      // Track data in clear that names no other card.
      all = changed(all, number, number === 53 ? '2600000000000000' : EXAMPLES[number])
    }
    expect(await codeOf(all, macOf(type))).not.toBe('30')
  })

  it('has the type of its row', () => {
    for (const type of TYPES)
      for (const code of FORMS[type].codes) {
        const { mti, processingCode, type: transactionType } = FORMS[type]
        const fields = new Map([[60, `${transactionType}000001${code}`]])
        if (processingCode !== undefined) fields.set(3, processingCode).set(25, '00')
        expect([type, code, transactionTypeOf({ mti, fields })]).toEqual([type, code, type])
      }
  })

  it('has no field that is both used and ignored, and uses every field that is returned', () => {
    for (const type of TYPES) {
      const { optional, ignored } = FORMS[type]
      expect(ignored.filter((number) => optional.includes(number))).toEqual([])
      for (const { number } of ELEMENTS)
        if (answerOf(type, number) === 'E')
          expect([type, number, needOf(type, number)]).toEqual([type, number, expect.stringMatching(/M|O/)])
    }
  })
})

describe('an answer of the day', () => {
  it('has only the fields in its row, and all that the service sets', () => {
    for (const { name, request, answer } of samples) {
      if (answer === null) continue
      const sent = messageIn(request)
      const type = transactionTypeOf(sent)
      const { fields } = messageIn(answer)
      const isRefusal = fields.has(39) && fields.get(39) !== '00'
      for (const { number } of ELEMENTS) {
        const kind = answerOf(type, number)
        const has = fields.has(number)
        const where = [name, number]
        if (kind === '') expect([...where, has]).toEqual([...where, false])
        if (kind === 'E') expect([...where, has]).toEqual([...where, sent.fields.has(number)])
        if (kind === 'R') expect([...where, has]).toEqual([...where, isRefusal])
        if (kind === 'S' && ![38, 62, 64].includes(number)) expect([...where, has]).toEqual([...where, true])
      }
    }
  })
})
