/** @module An echo at the acquirer: its fields, and what counts as an answer. */

import { describe, expect, it } from 'vitest'
import { askEcho } from '../../src/acquirer/ask-echo.ts'
import type { InstitutionOptions } from '../../src/acquirer/institution.ts'
import { readHttpsSettings } from '../../src/acquirer/settings.ts'
import { answerFrame } from '../../src/iso8583/frame.ts'
import { type Message, pack } from '../../src/iso8583/message.ts'
import { readMessage } from '../../src/iso8583/received.ts'
import { AcquirerSimulator } from '../../src/simulator/acquirer.ts'
import { type Plan, seededRandom } from '../../src/simulator/faults.ts'
import { core, HEADER, macKeyFor, START, TPDU } from './https-harness.ts'

const STAN = '500001'
const INSTITUTION = '00001234'
const options = (send: InstitutionOptions['send']): InstitutionOptions => ({
  core,
  tpdu: TPDU,
  header: HEADER,
  institution: INSTITUTION,
  send,
})

/** The result of an echo that gets the request's fields with these changes. */
async function echoWith(changes: Readonly<Record<number, string | undefined>>, mti = '0830') {
  let sent: Message | undefined
  const why = await askEcho(
    options(async (bytes) => {
      const read = readMessage(bytes, core.lrc)
      if (!read.ok) throw new Error(read.error)
      sent = read.value.message
      const fields = new Map([...sent.fields, [39, '00'] as const])
      for (const [number, value] of Object.entries(changes))
        if (value === undefined) fields.delete(Number(number))
        else fields.set(Number(number), value)
      const answer = { mti, fields: new Map([...fields].sort(([a], [b]) => a - b)) }
      return answerFrame(read.value.frame, pack(answer), {}, core.lrc)
    }),
    STAN,
  )
  return { why, sent }
}

describe('an echo at the acquirer', () => {
  it('names the institution, and has no MAC', async () => {
    const { why, sent } = await echoWith({})
    expect([why, sent?.mti, [...(sent?.fields ?? [])]]).toEqual([
      null,
      '0820',
      [
        [11, STAN],
        [32, INSTITUTION],
        [60, '00000000301'],
      ],
    ])
  })

  it.each(['00', '12', '30', '40', '97', '58'])('is answered by %s too: the line works', async (code) => {
    expect((await echoWith({ 39: code, 32: undefined, 60: undefined })).why).toBeNull()
  })

  it.each<readonly [why: string, changes: Readonly<Record<number, string | undefined>>, mti: string]>([
    ['response code 96', { 39: '96' }, '0830'],
    ['response code 98', { 39: '98' }, '0830'],
    ['response code A0', { 39: 'A0' }, '0830'],
    ['response code ZZ', { 39: 'ZZ' }, '0830'],
    ['field 39 is missing', { 39: undefined }, '0830'],
    ['field 11 is missing', { 11: undefined }, '0830'],
    ['field 11 differs', { 11: '500002' }, '0830'],
    ['field 32 differs', { 32: '00001235' }, '0830'],
    ['field 60 differs', { 60: '00000000002' }, '0830'],
    ['MTI 0810 does not answer 0820', {}, '0810'],
  ])('is not answered: %s', async (why, changes, mti) => {
    expect((await echoWith(changes, mti)).why).toBe(why)
  })

  it('is not answered without an answer, and never throws', async () => {
    const none = options(async () => null)
    const broken = options(() => Promise.reject(new Error('622500000000xxxx')))
    expect([await askEcho(none, STAN), await askEcho(broken, STAN)]).toEqual(['no answer', 'Error'])
  })

  it.each([new Uint8Array(0), new Uint8Array(3), new Uint8Array(40).fill(0xff)])(
    'is not answered by bytes without a message: %#',
    async (bytes) => {
      expect(
        await askEcho(
          options(async () => bytes),
          STAN,
        ),
      ).not.toBeNull()
    },
  )

  it('is answered by the simulated acquirer without a key, and follows its script', async () => {
    const signing = { core, macProfile: 'cup-ecb', macKey: macKeyFor('cup-ecb') } as const
    const simulator = new AcquirerSimulator({ ...signing, random: seededRandom(1) })
    simulator.loseKey()
    function ask(plan: Plan): Promise<string | null> {
      simulator.follow(plan)
      return askEcho(
        options(async (bytes) => simulator.receive(bytes, START).answer),
        STAN,
      )
    }
    expect(await ask({ rates: {}, script: [] })).toBeNull()
    expect(await ask({ rates: {}, script: [{ on: 'echo', fault: 'drop_request' }] })).toBe('no answer')
    expect(await ask({ rates: {}, script: [{ on: 'echo', code: '96' }] })).toBe('response code 96')
    expect(await ask({ rates: { drop_answer: 1 }, script: [] })).toBe('no answer')
  })
})

describe('ACQUIRER_IDLE', () => {
  const given = { ACQUIRER_URL: 'https://acquirer.example/pos', ACQUIRER_MAC_KEY: '0123456789ABCDEF' }

  it.each([
    [undefined, 120_000],
    ['0', 0],
    ['5', 300_000],
    ['60', 3_600_000],
  ])('%s minutes: %i ms', (value, idleMs) => {
    const settings = value === undefined ? given : { ...given, ACQUIRER_IDLE: value }
    expect(readHttpsSettings(settings).idleMs).toBe(idleMs)
  })

  it.each(['', '61', '-1', '1.5', '2 minutes', '1e1'])('is refused: %j', (value) => {
    expect(() => readHttpsSettings({ ...given, ACQUIRER_IDLE: value })).toThrow(
      'ACQUIRER_IDLE: expected 0 to 60 minutes',
    )
  })
})
