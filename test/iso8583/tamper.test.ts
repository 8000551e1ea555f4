/**
 * @module Every bit of every golden message flipped, under every MAC profile: no longer a message, or its MAC is wrong. What the
 * door makes of it is in `worker/tamper.test.ts`.
 */

import { expect, it } from 'vitest'
import { macAlgorithmOf, makLengthOf } from '../../src/domain/mac-profile.ts'
import { MAC_PROFILES, type MacProfile } from '../../src/domain/types.ts'
import { packWithMac } from '../../src/iso8583/mac.ts'
import { macInput, unpack } from '../../src/iso8583/message.ts'
import { bytesOf, goldens } from '../support/iso8583-golden.ts'
import { watchedCore } from '../support/load-core.ts'

const { core } = watchedCore()

const keyOf = (profile: MacProfile): Uint8Array =>
  Uint8Array.from({ length: makLengthOf(profile) }, (_, at) => 29 * at + 5)

type Fate = 'no message' | 'wrong MAC' | 'accepted'

/** The order in which whoever receives a message looks at it. */
function fateOf(body: Uint8Array, profile: MacProfile): Fate {
  const message = unpack(body)
  if (!message.ok) return 'no message'
  const mac = bytesOf(message.value.fields.get(64) ?? '')
  return core.verifyMac(macAlgorithmOf(profile), keyOf(profile), macInput(body), mac)
    ? 'accepted'
    : 'wrong MAC'
}

it.each(MAC_PROFILES)('%s: every golden message is heard, and none with a bit flipped', (profile) => {
  const algorithm = macAlgorithmOf(profile)
  const fates = new Map<Fate, number>()
  for (const { mti, fields } of goldens) {
    const body = packWithMac({ mti, fields }, (input) => core.computeMac(algorithm, keyOf(profile), input))
    expect(fateOf(body, profile)).toBe('accepted')
    for (let bit = 0; bit < 8 * body.length; bit++) {
      const flipped = body.with(bit >> 3, (body[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7)))
      const fate = fateOf(flipped, profile)
      fates.set(fate, (fates.get(fate) ?? 0) + 1)
    }
  }
  expect(goldens.length).toBeGreaterThanOrEqual(31)
  expect([...fates.keys()].sort()).toEqual(['no message', 'wrong MAC'])
})
