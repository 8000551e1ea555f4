/**
 * @module Every reference resolves: `X.md §n` and `X.md, Heading` in code, and every link, path and command
 * of a page.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CONTRACT } from '../src/api/contract.ts'
import { flagOf, optionsOf } from '../src/cli/lib/declare.ts'
import { COMMANDS, GROUPS, isCommand } from '../src/cli/table/index.ts'
import { BATCH_PATH } from '../src/pos/door.ts'
import { inlineCodeOf } from './support/prose.ts'

const walk = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posix.join(entry.parentPath.replaceAll('\\', '/'), entry.name))

const read = (path: string): string => readFileSync(path, 'utf8')

/** Missing targets → the reason. A target that exists leaves this list. */
const AWAITED: Readonly<Record<string, string>> = {}
const isAwaited = (fault: string): boolean => AWAITED[fault] !== undefined

/** This file has deliberately broken references of its own. */
const SELF = 'test/docs-references.test.ts'

const root = readdirSync('.').filter(
  (name) => /\.(md|ts|toml)$/.test(name) && !name.startsWith('worker-conf'),
)
const code = [...root, ...['src', 'assembly', 'test', 'migrations'].flatMap(walk)].filter(
  (path) => /\.(ts|toml|sql|json|c)$/.test(path) && path !== SELF,
)
const pages = [...root, ...walk('docs'), 'test/README.md'].filter((path) => path.endsWith('.md'))

/** A page that is named without its folder is under docs/ or at the root. */
function pageOf(name: string, from: string): string | undefined {
  const folders = [posix.dirname(from), posix.join(from, '../..'), 'docs', '.']
  return folders.map((folder) => posix.join(folder, name)).find(existsSync)
}

const headingsOf = (page: string): string[] =>
  [...read(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading.trim())

/** `§3.5` is the heading that starts with 3.5. `§4 A` is one that starts with 4 A. */
const hasSection = (page: string, section: string): boolean =>
  headingsOf(page).some((heading) => heading === section || heading.startsWith(`${section} `))

/** `G6` is a row of a table that starts with it. */
const hasRow = (page: string, row: string): boolean => read(page).includes(`\n| ${row} |`)

const REFERENCE =
  /([\w./-]*\w\.md)((?:,? (?:and )?§\d+(?:\.\d+)*(?: [A-Z]\b(?! ?\w))?(?:–\d+(?:\.\d+)*)?)*)( [A-Z]\d+\b)?(?:, ([A-Z][^),;:.`'"\n]*))?/g

/** The targets of a reference that do not exist. */
function faultsOf(text: string, from: string): string[] {
  return [...text.matchAll(REFERENCE)].flatMap(([whole, name = '', sections = '', row, heading]) => {
    const page = pageOf(name, from)
    if (page === undefined) return [`${whole}: no such page`]
    const named = [...sections.matchAll(/§(\d+(?:\.\d+)*(?: [A-Z])?)(?:–(\d+(?:\.\d+)*))?/g)].flatMap(
      ([, first = '', last]) => (last === undefined ? [first] : [first, last]),
    )
    const missing = named.filter((section) => !hasSection(page, section)).map((section) => `§${section}`)
    if (row !== undefined && !hasRow(page, row.trim())) missing.push(row.trim())
    // A list of pages continues with a page, not with a heading.
    const isHeading = heading !== undefined && !/^[A-Z-]+$|\.md/.test(heading) && sections === ''
    if (isHeading && !headingsOf(page).some((one) => heading.trim().startsWith(one))) missing.push(heading)
    return missing.map((one) => `${page}: no ${one}`)
  })
}

/** Paths of the repository that a page names and that do not exist. */
const missingPathsIn = (path: string): string[] =>
  inlineCodeOf(read(path).replace(/```[\s\S]*?```/g, ''))
    .filter((name) => /^(?:src|test|assembly|migrations|docs)\/[\w./-]*$/.test(name))
    .filter((name) => !existsSync(name))

/**
 * The comments of a file, or all of it when it cannot have any. They span lines, and their stars and slashes
 * are not words.
 */
function commentsOf(path: string): string {
  const text = read(path)
  const comments = /\.(ts|c)$/.test(path)
    ? (text.match(/\/\*[\s\S]*?\*\/|(?:^|\s)\/\/.*$/gm) ?? []).join('\n\n')
    : text
  return comments.replace(/\n\s*(?:\*|\/\/|#|--)?\s*(?!\/)/g, ' ')
}

describe('references', () => {
  const ofCode = code.map((path) => ({ path, text: commentsOf(path) }))

  it('exist in the code', () => {
    const count = ofCode.reduce((sum, { text }) => sum + (text.match(/\w\.md §\d/g)?.length ?? 0), 0)
    expect(count).toBeGreaterThan(40)
  })

  it.each(ofCode.filter(({ text }) => text.includes('.md')))(
    'of $path lead to a section',
    ({ path, text }) => {
      expect(faultsOf(text, path).filter((fault) => !isAwaited(fault))).toEqual([])
    },
  )

  it.each(pages)('of %s lead to a section', (path) => {
    expect(faultsOf(read(path).replace(/\]\([^)]*\)/g, ']'), path)).toEqual([])
  })

  it('of the pending list are still missing', () => {
    const missing = ofCode.flatMap(({ path, text }) => faultsOf(text, path))
    const paths = pages.flatMap((path) => missingPathsIn(path).map((name) => `${path}: ${name}`))
    expect(Object.keys(AWAITED).filter((fault) => ![...missing, ...paths].includes(fault))).toEqual([])
  })

  it('without a target are detected', () => {
    expect(faultsOf('(protocol.md §3.99)', 'src/x.ts')).toEqual(['docs/protocol.md: no §3.99'])
    expect(faultsOf('(protocol.md §4 Q)', 'src/x.ts')).toEqual(['docs/protocol.md: no §4 Q'])
    expect(faultsOf('(protocol.md §3.3–3.99, §77)', 'src/x.ts')).toHaveLength(2)
    expect(faultsOf('(semantics.md, Moon)', 'src/x.ts')).toEqual(['docs/semantics.md: no Moon'])
    expect(faultsOf('(reliability.md G99)', 'src/x.ts')).toEqual(['docs/reliability.md: no G99'])
    expect(faultsOf('(nowhere.md)', 'src/x.ts')).toEqual(['nowhere.md: no such page'])
    expect(faultsOf('(protocol.md §4 A: fold, semantics.md, Window)', 'src/x.ts')).toEqual([])
  })
})

/** The anchor of a heading on the common forges. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

describe.each(pages)('%s', (path) => {
  const text = read(path).replace(/```[\s\S]*?```/g, '')

  it('links to existing pages and headings', () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => to)
    const broken = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : posix.join(posix.dirname(path), file)
      if (!existsSync(target)) return true
      return anchor !== undefined && !headingsOf(target).map(anchorOf).includes(anchor)
    })
    expect(broken).toEqual([])
  })

  it('names existing paths and commands', () => {
    const paths = missingPathsIn(path).map((name) => `${path}: ${name}`)
    expect(paths.filter((fault) => !isAwaited(fault))).toEqual([])
    const scripts: Readonly<Record<string, string>> = JSON.parse(read('package.json')).scripts
    const run = [...read(path).matchAll(/npm run (?:-s )?([\w:-]+)/g)].map(([, script = '']) => script)
    expect(run.filter((script) => scripts[script] === undefined)).toEqual([])
  })
})

describe('commands and routes', () => {
  // A decision may name a command of its time.
  const current = pages.filter((path) => !path.startsWith('docs/decisions/'))
  const lines = current.flatMap((path) =>
    [...read(path).matchAll(/(?:annul --|`annul) ([a-z][^`\n]*)/g)].map(([, line = '']) => ({ path, line })),
  )

  /** The options in a line that its command does not have. The line itself, if the command does not exist. */
  const unknownIn = (line: string): string[] => {
    const words = line.split(/[\s)"]+/).map((word) => word.replace(/^\[|\]$/g, ''))
    const [first = '', second = ''] = words
    const name = [first, `${first} ${second}`].find(isCommand)
    // A page may name a group of commands alone.
    if (name === undefined) return Object.hasOwn(GROUPS, first) || first === 'help' ? [] : [line]
    const known = ['--help', ...Object.keys(optionsOf(COMMANDS[name])).map(flagOf)]
    return words.filter((word) => /^--[a-z]/.test(word) && !known.includes(word))
  }

  it('of `annul` in a page exist, with their options', () => {
    expect(lines.length).toBeGreaterThan(10)
    expect(lines.flatMap(({ path, line }) => unknownIn(line).map((word) => `${path}: ${word}`))).toEqual([])
  })

  it('of the JSON API in a page exist, and that of terminals beside them', () => {
    const named = pages.flatMap((path) =>
      [...read(path).matchAll(/(?:GET|POST|PUT) \/v1\/[\w{}/-]+/g)].map(([route]) => ({ path, route })),
    )
    expect(named.length).toBeGreaterThan(10)
    const isRoute = (route: string) => route in CONTRACT || route === `POST ${BATCH_PATH}`
    expect(named.filter(({ route }) => !isRoute(route))).toEqual([])
  })
})

it('links every page of docs/ from another page', () => {
  const linked = new Set(
    pages.flatMap((path) =>
      [...read(path).matchAll(/\]\(([^)\s#]+)/g)].map(([, to = '']) => posix.join(posix.dirname(path), to)),
    ),
  )
  const isIndex = (path: string): boolean => path === 'docs/README.md'
  const unlinked = pages.filter((path) => path.startsWith('docs/') && !linked.has(path))
  expect(unlinked.filter((path) => !isIndex(path))).toEqual([])
})
