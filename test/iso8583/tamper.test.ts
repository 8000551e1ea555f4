/**
 * @module Every bit of every golden message flipped, under every MAC profile: it no longer parses, or its MAC
 * is wrong.
 * `worker/tamper.test.ts` shows the result at the POS door.
 */

import { expect, it } from 'vitest'
import { macAlgorithmOf, makLengthOf } from '../../src/domain/mac-profile.ts'
import { MAC_PROFILES, type MacProfile } from '../../src/domain/terminal-profile.ts'
import { packWithMac } from '../../src/iso8583/mac.ts'
import { macInput, unpack } from '../../src/iso8583/message.ts'
import { bytesOf, goldens } from '../support/iso8583-golden.ts'
import { watchedCore } from '../support/load-core.ts'

const { core } = watchedCore()

const keyOf = (profile: MacProfile): Uint8Array =>
  Uint8Array.from({ length: makLengthOf(profile) }, (_, at) => 29 * at + 5)

type Verdict = 'no message' | 'wrong MAC' | 'accepted'

/** In the order of a receiver: parse, then check the MAC. */
function verdictOf(body: Uint8Array, profile: MacProfile): Verdict {
  const message = unpack(body)
  if (!message.ok) return 'no message'
  const mac = bytesOf(message.value.fields.get(64) ?? '')
  return core.verifyMac(macAlgorithmOf(profile), keyOf(profile), macInput(body), mac)
    ? 'accepted'
    : 'wrong MAC'
}

it.each(MAC_PROFILES)('%s: accepts every golden message, and none with a flipped bit', (profile) => {
  const algorithm = macAlgorithmOf(profile)
  const verdicts = new Map<Verdict, number>()
  for (const { mti, fields } of goldens) {
    const body = packWithMac({ mti, fields }, (input) => core.computeMac(algorithm, keyOf(profile), input))
    expect(verdictOf(body, profile)).toBe('accepted')
    for (let bit = 0; bit < 8 * body.length; bit++) {
      const flipped = body.with(bit >> 3, (body[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7)))
      const verdict = verdictOf(flipped, profile)
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1)
    }
  }
  expect(goldens.length).toBeGreaterThanOrEqual(31)
  expect([...verdicts.keys()].sort()).toEqual(['no message', 'wrong MAC'])
})
