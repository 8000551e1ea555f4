/**
 * @module The D1 errors after which the same batch is sent again, and the part of an error that may be
 * logged.
 */

import { describe, expect, it } from 'vitest'
import { errorText, isConstraint, persist } from '../../src/store/db.ts'

/** Fails with these errors, then succeeds. */
function failing(...errors: unknown[]): { batch: () => Promise<string>; tries: () => number } {
  let tries = 0
  const batch = async () => {
    const error = errors[tries++]
    if (error !== undefined) throw error
    return 'done'
  }
  return { batch, tries: () => tries }
}

const LOST = new Error('D1_ERROR: Network connection lost.')

describe('a batch', () => {
  it.each([
    'D1_ERROR: Network connection lost.',
    'D1_ERROR: Internal error in D1 DB storage caused object to be reset.',
    'D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.',
    'D1_ERROR: D1 DB reset because its code was updated.',
  ])('is sent again after “%s”, wrapped or not', async (text) => {
    const wrapped = new Error('Failed query: select secret', { cause: new Error(text) })
    const { batch, tries } = failing(new Error(text), wrapped)
    expect([await persist(batch), tries()]).toEqual(['done', 3])
  })

  it('is sent three times at most', async () => {
    const { batch, tries } = failing(LOST, LOST, LOST)
    await expect(persist(batch)).rejects.toBe(LOST)
    expect(tries()).toBe(3)
  })

  it('is not sent again after any other error', async () => {
    const overloaded = new Error('D1_ERROR: D1 DB is overloaded. Requests queued for too long.')
    const { batch, tries } = failing(overloaded)
    await expect(persist(batch)).rejects.toBe(overloaded)
    expect(tries()).toBe(1)
  })
})

describe('an error', () => {
  it('is reported in D1’s own words, without the text of its wrapper', () => {
    const root = new Error('D1_ERROR: UNIQUE constraint failed: void.sale_id: SQLITE_CONSTRAINT')
    const wrapped = new Error('Failed query: params 6225…', { cause: new Error('between', { cause: root }) })
    expect(errorText(wrapped)).toBe(root.message)
    expect(isConstraint(wrapped)).toBe(true)
    expect(isConstraint(LOST)).toBe(false)
  })

  it('without an Error object is not repeated', () => {
    expect(errorText('6225000000000014')).toBe('not an error')
    expect(errorText(new Error('wrapped', { cause: 'a text' }))).toBe('not an error')
  })

  it('that is its own cause ends the search', () => {
    const round: Error = new Error('round')
    round.cause = round
    expect(errorText(round)).toBe('round')
  })
})
