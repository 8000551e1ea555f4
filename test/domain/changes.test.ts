/** @module Changed settings: each with its old and its new value, and no other. */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { changesOf } from '../../src/domain/changes.ts'

const values = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.record({ kind: fc.constantFrom('a', 'b'), minutes: fc.nat(9) }),
)
const settings = fc.dictionary(fc.constantFrom('name', 'cutOff', 'window', 'state'), values, {
  noNullPrototype: true,
})

it('can be read back: the old settings with the new values are the new settings', () => {
  fc.assert(
    fc.property(settings, settings, (before, change) => {
      const after = { ...before, ...change }
      const changes = changesOf(before, after)
      for (const [name, text] of Object.entries(changes)) {
        const [old, now] = JSON.parse(text) as [unknown, unknown]
        expect([old, now]).toEqual([before[name] ?? null, after[name]])
        expect(JSON.stringify(old)).not.toBe(JSON.stringify(now))
      }
      const same = Object.keys(after).filter((name) => !(name in changes))
      for (const name of same) expect(JSON.stringify(after[name])).toBe(JSON.stringify(before[name]))
    }),
  )
})

it('has null as the old value of a setting that is new', () => {
  expect(changesOf(null, { cutOff: '23:00' })).toEqual({ cutOff: '[null,"23:00"]' })
  expect(changesOf({}, { minutes: 5 })).toEqual({ minutes: '[null,5]' })
})

it('tells the texts apart that an arrow would mix up', () => {
  expect(changesOf({ name: 'a' }, { name: 'b → c' })).not.toEqual(changesOf({ name: 'a → b' }, { name: 'c' }))
})
