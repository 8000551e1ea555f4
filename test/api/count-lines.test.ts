/** @module The lines of a list as admission counts them. */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MOST_LINES } from '../../src/api/limits.ts'
import { countLines } from '../../src/api/read-request.ts'

it('are those of the text, from 1 to the most, with or without a line end at the end', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('', 'a', '{"é":1}'), { maxLength: 2 * MOST_LINES }), (lines) => {
      const text = lines.join('\n')
      const expected = Math.max(1, Math.min(MOST_LINES, text.replace(/\n$/, '').split('\n').length))
      expect(countLines(new TextEncoder().encode(text))).toBe(expected)
    }),
  )
})
