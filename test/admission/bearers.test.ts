/** @module Bearer keys as an isolate knows them before a look-up: proved, not found, unknown. */

import { expect, it } from 'vitest'
import { BEARER_KEY } from '../../src/admission/admission-controller.ts'
import { createBearers, NOT_FOUND_MS } from '../../src/admission/bearers.ts'
import type { Proof } from '../../src/admission/callers.ts'
import { createSources } from '../../src/admission/sources.ts'

function open() {
  const clock = { now: 1_000_000 }
  const now = () => clock.now
  const bearers = createBearers(
    BEARER_KEY,
    createSources(now, () => undefined),
    now,
  )
  const send = (key: string, proof?: Proof): void => {
    const allowance = bearers.allow(key, '')
    if (allowance.kind === 'allowed') allowance.done(proof)
  }
  const known = (key: string) => [bearers.isKnown(key), bearers.isNotFound(key)]
  return { clock, send, known }
}

it('a key is unknown, known or not found, by the result of its last look-up', () => {
  const { send, known } = open()
  expect(known('a')).toEqual([false, false])
  send('a', undefined)
  expect(known('a')).toEqual([false, false])
  send('a', 'proved')
  expect(known('a')).toEqual([true, false])
  send('b', 'unproved')
  expect(known('b')).toEqual([false, true])
  expect(known('a')).toEqual([true, false])
})

it('a key that is revoked is unknown at its next message, and not found at the one after', () => {
  const { send, known } = open()
  send('a', 'proved')
  send('a', 'unproved')
  expect(known('a')).toEqual([false, false])
  send('a', 'unproved')
  expect(known('a')).toEqual([false, true])
})

it('a key that was not found is looked up again soon, and after a clock that jumps back', () => {
  const { clock, send, known } = open()
  send('a', 'unproved')
  clock.now += NOT_FOUND_MS - 1
  expect(known('a')).toEqual([false, true])
  clock.now += 1
  expect(known('a')).toEqual([false, false])
  send('a', 'unproved')
  clock.now -= 1
  expect(known('a')).toEqual([false, false])
})

it('a key that is found after all is known at once', () => {
  const { send, known } = open()
  send('a', 'unproved')
  send('a', 'proved')
  expect(known('a')).toEqual([true, false])
})
