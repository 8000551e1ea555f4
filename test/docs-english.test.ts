/** @module The pages are in plain English: short sentences in the usual order, without retired words. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { inlineCodeOf, percentile, sentencesOf, wordsOf } from './support/prose.ts'
import { namesIn, RETIRED, retiredInName, retiredInProse } from './support/retired-words.ts'

/** The longest sentence in words, except for one sentence in twenty. */
const LONGEST = 30

/** Pages that are not in plain English yet. A finished page leaves this list. */
const PENDING: readonly string[] = []

/** Pages about retired names → the reason. */
const NAMES_RETIRED: Readonly<Record<string, string>> = {
  'docs/decisions/2026-11-30-standard-words.md': 'it lists what was renamed',
}

const below = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
        .map((entry) => `${entry.parentPath.replaceAll('\\', '/')}/${entry.name}`)
    : []

const ROOT = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'].filter(
  existsSync,
)
const PAGES = [...ROOT, 'test/README.md', ...below('docs').toSorted()]
const READY = PAGES.filter((path) => !PENDING.includes(path))

const read = (path: string): string => readFileSync(path, 'utf8')
const lengthsOf = (path: string): number[] => sentencesOf(read(path)).map((one) => wordsOf(one).length)

/**
 * A clause as the subject, or a fronted "of": the reader finds the subject too late. Questions do not count.
 */
const TURNED_ROUND = /^(?:Who|What|Whoever|Whatever|Whose|Of)\b.*[^?]$/

const turnedRound = (path: string): string[] =>
  sentencesOf(read(path)).filter((one) => TURNED_ROUND.test(one) && wordsOf(one).length > 4)

const retiredIn = (path: string): string[] =>
  sentencesOf(read(path)).flatMap((one) => retiredInProse(one).map((found) => `${found}: ${one}`))

const retiredNamesIn = (path: string): string[] =>
  NAMES_RETIRED[path] === undefined ? inlineCodeOf(read(path)).flatMap(namesIn).flatMap(retiredInName) : []

describe.each(READY)('%s', (path) => {
  it(`has sentences of at most ${LONGEST} words, except for one in twenty`, () => {
    const longest = sentencesOf(read(path)).filter((one) => wordsOf(one).length > LONGEST)
    expect([percentile(lengthsOf(path), 0.95) <= LONGEST, longest]).toEqual([true, expect.anything()])
  })

  it('starts its sentences with the subject', () => expect(turnedRound(path)).toEqual([]))
  it('has no retired word in a sentence', () => expect(retiredIn(path)).toEqual([]))
  it('has no retired name', () => expect(retiredNamesIn(path)).toEqual([]))
})

it('all pages together have short sentences', () => {
  expect(percentile(READY.flatMap(lengthsOf), 0.95)).toBeLessThanOrEqual(LONGEST)
})

it('no finished page is listed as pending', () => {
  const isPending = (path: string): boolean =>
    percentile(lengthsOf(path), 0.95) > LONGEST ||
    [turnedRound, retiredIn, retiredNamesIn].some((faults) => faults(path).length > 0)
  expect(PENDING.filter((path) => !existsSync(path) || !isPending(path))).toEqual([])
})

describe('sentences', () => {
  it('end where a reader ends them', () => {
    const page = [
      '# A title',
      '',
      'One sentence `with. code`. Another one, see [a link. Here](x.md)! 撤销 is a third?',
      '',
      '- an item',
      '  that goes on. And on.',
      '',
      '| head | other |',
      '| --- | --- |',
      '| a cell. | `code` and words |',
      '',
      '    a picture, not prose',
      '',
      '```sh',
      'code too',
      '```',
    ].join('\n')
    expect(sentencesOf(page)).toEqual([
      'A title',
      'One sentence CODE.',
      'Another one, see a link.',
      'Here!',
      '撤销 is a third?',
      'an item that goes on.',
      'And on.',
      'head',
      'other',
      'a cell.',
      'CODE and words',
    ])
    expect(inlineCodeOf(page)).toEqual(['with. code', 'code'])
  })

  it('are measured in words', () => {
    expect(wordsOf('A void (撤销) — of CODE.')).toHaveLength(5)
    expect(percentile([1, 2, 3, 4], 0.5)).toBe(2)
    expect(percentile([], 0.95)).toBe(0)
  })
})

describe('retired words', () => {
  it('are found in sentences', () => {
    for (const text of [
      'It goes down the road.',
      'The host is silent.',
      'Both doors take it.',
      'A copy is told the answer.',
      'Who was heard?',
      'The feed tells of it.',
      'He was asked.',
    ])
      expect([text, retiredInProse(text)]).toEqual([text, [expect.stringContaining('→')]])
  })

  it('are not found in other words', () => {
    for (const text of [
      'Set the host name of the region.',
      'The gateway sends broadcasts until noon.',
      'A listing is in the appendix.',
      'The POS door takes frames.',
    ])
      expect([text, retiredInProse(text)]).toEqual([text, []])
  })

  it('are found in every spelling of a name', () => {
    for (const name of [
      'openRoad',
      'Road',
      'ROAD',
      'the-road',
      'roads',
      'only_host',
      'HOST_STATES',
      'placeOf',
    ])
      expect([name, retiredInName(name).length > 0]).toEqual([name, true])
    for (const name of ['broadcast', 'localhost', 'hostname', 'replaceAll', 'gateway', 'until', 'isKnown'])
      expect([name, retiredInName(name)]).toEqual([name, []])
    expect(namesIn('const openRoad = (x) => "demo-stage"')).toEqual(['const', 'openRoad', 'x', 'demo-stage'])
  })

  it('each have a replacement, and apply somewhere', () => {
    for (const { say, prose, name } of RETIRED)
      expect([say, say.length > 0 && (prose ?? name) !== undefined]).toEqual([say, true])
  })
})
