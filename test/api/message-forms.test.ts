/** @module The forms of messages in the body that provisions a terminal: what each member takes and refuses. */

import { expect, it } from 'vitest'
import { terminalSettings } from '../../src/api/json/schemas.ts'

const FORMS = {
  texts: { takes: ['short', 'long'], refuses: ['none', 63, null] },
  padding: { takes: ['0', 'F'], refuses: ['f', 0, '00', null] },
  entryMode: { takes: ['left', 'right'], refuses: ['both', null] },
  cardCheck: { takes: ['none', 'luhn'], refuses: [true, 'LUHN', null] },
  headerLength: { takes: [0, 6, 64], refuses: [-1, 65, 6.5, '6', null] },
  headerTlv: { takes: [false, true], refuses: ['true', 1, null] },
  voidForms: { takes: ['strict', 'lenient'], refuses: ['any', true, null] },
}

it.each(Object.entries(FORMS))('%s takes its values and no other', (name, { takes, refuses }) => {
  const accepted = [...takes, ...refuses].filter(
    (value) => terminalSettings.safeParse({ [name]: value }).success,
  )
  expect(accepted).toEqual(takes)
})
