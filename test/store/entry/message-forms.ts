/** @module Random forms of messages in a terminal's profile. */

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
