/** @module Random forms of messages in a terminal's profile, and random rules of a merchant. */

import fc from 'fast-check'

export const messageForms = {
  texts: fc.constantFrom('short', 'long'),
  padding: fc.constantFrom('0', 'F'),
  entryMode: fc.constantFrom('left', 'right'),
  cardCheck: fc.constantFrom('none', 'luhn'),
  headerLength: fc.nat(64),
  headerTlv: fc.boolean(),
  voidForms: fc.constantFrom('strict', 'lenient'),
}

export const merchantRules = {
  lateReversals: fc.constantFrom('allow', 'refuse'),
  reasonRequired: fc.boolean(),
  decideWithin: fc.oneof(fc.constant('window'), fc.integer({ min: 1 })),
}
