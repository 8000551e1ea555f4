/**
 * @module The D1 errors after which the same batch is sent again, and the part of an error that may be
 * logged.
 */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { errorText, isConstraint, persist, TRANSIENT } from '../../src/store/db.ts'

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

/**
 * The error list of Cloudflare's documentation (developers.cloudflare.com/d1/observability/debug-d1/#error-list), and
 * whether the outcome of a write is unknown after it.
 */
const LISTED: readonly (readonly [string, boolean])[] = [
  ['D1 DB reset because its code was updated.', true],
  ['Internal error while starting up D1 DB storage caused object to be reset.', true],
  ['Network connection lost.', true],
  ['Internal error in D1 DB storage caused object to be reset.', true],
  ['Cannot resolve D1 DB due to transient issue on remote node.', true],
  ["Can't read from request stream because client disconnected.", true],
  ['D1 DB storage operation exceeded timeout which caused object to be reset.', true],
  ["D1 DB's isolate exceeded its memory limit and was reset.", true],
  ['D1 DB exceeded its CPU time limit and was reset.', true],
  ['D1 DB is overloaded. Requests queued for too long.', false],
  ['D1 DB is overloaded. Too many requests queued.', false],
]

const REPEATED = LISTED.flatMap(([text, isRepeated]) => (isRepeated ? [text] : []))

describe('a batch', () => {
  it.each([
    ...REPEATED,
    // The object below a database has the same family of errors under its own name.
    'Durable Object reset because its code was updated.',
    'Durable Object storage operation exceeded timeout which caused object to be reset.',
    'Durable Object exceeded its CPU time limit and was reset.',
    "Durable Object's isolate exceeded its memory limit and was reset.",
    'Internal error in D1 storage caused object to be reset; reference = 0123456789',
  ])('is sent again after “%s”, wrapped or not', async (text) => {
    const wrapped = new Error('Failed query: select secret', { cause: new Error(`D1_ERROR: ${text}`) })
    const { batch, tries } = failing(new Error(`D1_ERROR: ${text}`), wrapped)
    expect([await persist(batch), tries()]).toEqual(['done', 3])
  })

  it('has a repeat for each line of the table, which docs/platform.md lists in full', () => {
    for (const part of TRANSIENT)
      expect([part, REPEATED.some((text) => text.includes(part))]).toEqual([part, true])
    const page = readFileSync('docs/platform.md', 'utf8')
    const documented = [...page.matchAll(/^\| `([^`]+\.)` \| (again|not again) \|/gm)]
    expect(documented.map(([, text, what]) => [text, what === 'again'])).toEqual(LISTED)
  })

  it('is sent three times at most', async () => {
    const { batch, tries } = failing(LOST, LOST, LOST)
    await expect(persist(batch)).rejects.toBe(LOST)
    expect(tries()).toBe(3)
  })

  it.each([
    ...LISTED.flatMap(([text, isRepeated]) => (isRepeated ? [] : [text])),
    'UNIQUE constraint failed: journal.message_key: SQLITE_CONSTRAINT',
    'no such table: journal: SQLITE_ERROR',
    'Exceeded maximum DB size',
    'Too many API requests by single worker invocation.',
  ])('is not sent again after “%s”', async (text) => {
    const other = new Error(`D1_ERROR: ${text}`)
    const { batch, tries } = failing(other)
    await expect(persist(batch)).rejects.toBe(other)
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
