/**
 * @module The adapter `https` with the simulated acquirer behind it, in one process, with its sent, received
 * and late frames.
 */

import { httpsAcquirer } from '../../src/acquirer/https.ts'
import type { Acquirer, AcquirerRequest, AcquirerResponse } from '../../src/acquirer/port.ts'
import { macAlgorithmOf, makLengthOf } from '../../src/domain/mac-profile.ts'
import type { MacProfile } from '../../src/domain/terminal-profile.ts'
import type { AcquirerReference } from '../../src/domain/types.ts'
import { fromHex } from '../../src/iso8583/hex.ts'
import { AcquirerSimulator } from '../../src/simulator/acquirer.ts'
import { type Plan, seededRandom } from '../../src/simulator/faults.ts'
import { watchedCore } from '../support/load-core.ts'

export const bytes = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array(0)

/** 2026-06-01T02:18:00Z: 10:18 in China. */
export const START = Date.UTC(2026, 5, 1, 2, 18)

export const TPDU = bytes('6000030000')
export const HEADER = bytes('603100000000')

/** A test key that fits the profile. */
export const macKeyFor = (profile: MacProfile): Uint8Array =>
  bytes('0123456789ABCDEFFEDCBA9876543210').subarray(0, makLengthOf(profile))

export const { core } = watchedCore()

export interface HttpsHarness {
  readonly acquirer: Acquirer
  readonly simulator: AcquirerSimulator
  readonly clock: { now: number }
  /** Frames in both directions. */
  readonly sent: Uint8Array[]
  readonly received: (Uint8Array | null)[]
  /** Delivers the delayed requests. */
  deliverLate(): void
}

export function openHttpsHarness(
  options: { macProfile?: MacProfile; plan?: Plan; seed?: number; cutOffMinutes?: number | null } = {},
): HttpsHarness {
  const { macProfile = 'cup-ecb', seed = 1, ...rest } = options
  const signing = { core, macProfile, macKey: macKeyFor(macProfile) }
  const simulator = new AcquirerSimulator({ ...signing, random: seededRandom(seed), ...rest })
  const clock = { now: START }
  const sent: Uint8Array[] = []
  const received: (Uint8Array | null)[] = []
  const late: Uint8Array[] = []
  const acquirer = httpsAcquirer({
    ...signing,
    tpdu: TPDU,
    header: HEADER,
    recovery: 'inquiry',
    send: async (frame) => {
      sent.push(frame)
      const { answer, delayMs, arrivesAfterMs } = simulator.receive(frame, clock.now)
      if (arrivesAfterMs > 0) late.push(frame)
      const timelyAnswer = delayMs === 0 ? answer : null
      received.push(timelyAnswer)
      return timelyAnswer
    },
  })
  const deliverLate = () => {
    for (const frame of late.splice(0)) simulator.process(frame, clock.now)
  }
  return { acquirer, simulator, clock, sent, received, deliverLate }
}

export const algorithmOf = macAlgorithmOf

const CARD: ReadonlyMap<number, string> = new Map([
  [2, '6225000000000014'],
  [14, '2812'],
  [22, '072'],
  [23, '001'],
  [25, '00'],
])

/** A sale of 12.34. */
export const aSale = (change: Partial<AcquirerRequest> = {}): AcquirerRequest => ({
  kind: 'sale',
  of: 'sale',
  merchantId: '123456789012345',
  terminalId: '12345678',
  batchNumber: '000007',
  acquirerStan: '000101',
  amount: 1234,
  currencyCode: '156',
  original: null,
  cardFields: CARD,
  ...change,
})

/** A void of that sale. */
export const aVoid = (change: Partial<AcquirerRequest> = {}): AcquirerRequest => ({
  ...aSale(),
  kind: 'void',
  of: 'void',
  acquirerStan: '000102',
  original: {
    batchNumber: '000007',
    stan: '000101',
    rrn: '700000000001',
    authorizationCode: '001001',
  },
  cardFields: null,
  ...change,
})

/** The reference of a sale in its void, with the numbers of the acquirer's answer. Null where the answer has none. */
export const originalOf = (
  { batchNumber, acquirerStan: stan }: AcquirerRequest,
  answer: AcquirerResponse,
): AcquirerReference =>
  answer.kind === 'approved'
    ? { batchNumber, stan, rrn: answer.rrn, authorizationCode: answer.authorizationCode }
    : { batchNumber, stan, rrn: null, authorizationCode: null }

export const reversalOf = (request: AcquirerRequest): AcquirerRequest => ({
  ...request,
  kind: 'reversal',
  cardFields: null,
})

export const inquiryOf = (request: AcquirerRequest): AcquirerRequest => ({
  ...request,
  kind: 'inquiry',
  cardFields: null,
})

/** A request of each kind, sent in this order to an acquirer that saw those before it. */
export const DAY: readonly (readonly [string, AcquirerRequest])[] = [
  ['sale', aSale()],
  ['declined sale', aSale({ acquirerStan: '000151', amount: 1251 })],
  ['void', aVoid()],
  ['declined void', aVoid({ acquirerStan: '000153' })],
  ['inquiry of a sale', inquiryOf(aSale())],
  ['inquiry of an unknown message', inquiryOf(aVoid({ acquirerStan: '000999' }))],
  ['reversal of a void', reversalOf(aVoid())],
  ['inquiry of a reversed void', inquiryOf(aVoid())],
  ['reversal of an unknown message', reversalOf(aVoid({ acquirerStan: '000888' }))],
]

/** The adapter over a line that returns this answer to every request. */
export const adapterReturning = (answer: Uint8Array | null, macProfile: MacProfile = 'cup-ecb') =>
  httpsAcquirer({
    core,
    macProfile,
    macKey: macKeyFor(macProfile),
    tpdu: TPDU,
    header: HEADER,
    recovery: 'inquiry',
    send: async () => answer,
  })

/** A day’s requests and answers, as frames. */
export async function conversation(macProfile: MacProfile = 'cup-ecb') {
  const { acquirer, sent, received } = openHttpsHarness({ macProfile })
  const answers: AcquirerResponse[] = []
  for (const [, request] of DAY) answers.push(await acquirer.ask(request))
  return DAY.map(([name, request], i) => {
    const frame = received[i]
    const answer = answers[i]
    const requestFrame = sent[i]
    if (frame == null || answer === undefined || requestFrame === undefined)
      throw new Error(`${name}: no answer`)
    return { name, request, answer, frame, requestFrame }
  })
}
