/** @module The pages match the code: folders, outcomes, routes, settings, commands, paths. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CONTRACT } from '../src/api/contract.ts'
import { API_REFUSALS } from '../src/api/json/refusals.ts'
import { API_BODY_LIMIT, LINES_BODY_LIMIT, MOST_LINES } from '../src/api/limits.ts'
import { COMMANDS } from '../src/cli/table/index.ts'
import { REFUSALS } from '../src/domain/decline-reason.ts'

const read = (path: string): string => readFileSync(path, 'utf8')
const README = read('README.md')
const ARCHITECTURE = read('ARCHITECTURE.md')
const SECURITY = read('SECURITY.md')
const CHANGELOG = read('CHANGELOG.md')
const TESTS = read('test/README.md')
const API = read('docs/api.md')
const CLI = read('docs/cli.md')
const PAGES = { README, ARCHITECTURE, SECURITY, CHANGELOG, TESTS }

/** The pages of docs/, as path and text. */
const docs = readdirSync('docs', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => [`docs/${name.replaceAll('\\', '/')}`, read(`docs/${name}`)] as const)

/** Rows of the table with the head line `head`, as cells without their backticks. */
function table(page: string, head: string): string[][] {
  const lines = page.split('\n')
  const at = lines.indexOf(head)
  if (at < 0) throw new Error(`no table "${head}"`)
  const rows: string[][] = []
  for (const line of lines.slice(at + 2)) {
    if (!line.startsWith('|')) break
    const cells = line.slice(1, line.lastIndexOf('|')).split('|')
    rows.push(cells.map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1')))
  }
  return rows
}

const column = (rows: readonly string[][], n: number): string[] => rows.map((row) => row[n] ?? '')

it('every reason in a page exists', () => {
  const known = new Set([...Object.keys(REFUSALS), ...Object.keys(API_REFUSALS)])
  const named = [...docs.map(([, text]) => text), ...Object.values(PAGES)].flatMap((text) =>
    [...text.matchAll(/\(`(\w+)`, [0-9A-Z]{2}\)/g)].map(([, reason = '']) => reason),
  )
  expect(named.length).toBeGreaterThan(1)
  expect(named.filter((reason) => !known.has(reason))).toEqual([])
})

describe('ARCHITECTURE.md', () => {
  const rows = table(ARCHITECTURE, '| room | what it has | may import |')

  it('lists every folder of src/, with its permitted imports', () => {
    const rules = /const MAY_IMPORT[^=]*= \{([\s\S]*?)\n\}/.exec(read('test/tidy.test.ts'))?.[1] ?? ''
    const ours = [...rules.matchAll(/^ {2}'?([\w.-]+)'?: \[([^\]]*)\]/gm)].map(
      ([, folder = '', imports = '']) => [
        folder,
        [...imports.matchAll(/'([^']+)'/g)].map(([, name = '']) => name).toSorted(),
      ],
    )
    const documented = rows.map(([folder = '', , imports = '']) => [
      folder,
      [...imports.matchAll(/`?([\w.-]+)`?/g)].map(([, name = '']) => name).toSorted(),
    ])
    const byName = ([a]: unknown[], [b]: unknown[]) => String(a).localeCompare(String(b))
    expect(documented.toSorted(byName)).toEqual(
      ours.filter(([folder]) => folder !== 'env.d.ts').toSorted(byName),
    )
    const folders = readdirSync('src').filter((name) => !name.endsWith('.d.ts'))
    expect(column(rows, 0).toSorted()).toEqual(folders.toSorted())
  })

  it('has every outcome of the pipeline', () => {
    const outcome = /export type Outcome =\n([\s\S]*?)\n\n/.exec(read('src/pipeline/types.ts'))?.[1] ?? ''
    const kinds = [...outcome.matchAll(/kind: '(\w+)'/g)].map(([, kind = '']) => kind)
    expect(kinds.length).toBeGreaterThan(4)
    expect(column(table(ARCHITECTURE, '| outcome | meaning | POS door | JSON API |'), 0)).toEqual(kinds)
  })

  it('draws existing files only', () => {
    const picture = /```text\n([\s\S]*?)```/.exec(ARCHITECTURE)?.[1] ?? ''
    const drawn = [...picture.matchAll(/\b(?:pos|api|pipeline)\/[\w-]+/g)].map(([path]) => path)
    expect(drawn.length).toBeGreaterThan(8)
    expect(drawn.filter((path) => !existsSync(`src/${path}.ts`) && !existsSync(`src/${path}`))).toEqual([])
    const steps = [...picture.matchAll(/│ ([a-z-]+) {2,}/g)].map(([, step = '']) => step)
    expect(steps).toEqual(['group-commit', 'load', 'verify', 'decide', 'commit', 'ask-acquirer'])
  })

  it('has at most 250 lines', () => {
    expect(ARCHITECTURE.split('\n').length - 1).toBeLessThanOrEqual(250)
  })
})

describe('docs/api.md', () => {
  it('lists exactly the routes of the JSON API', () => {
    const ours = Object.keys(CONTRACT)
    expect(column(table(API, '| route | what it does | caller | scope |'), 0).toSorted()).toEqual(
      ours.toSorted(),
    )
  })

  it('has the limits of its bodies', () => {
    const bounds = [
      `up to ${MOST_LINES} as NDJSON`,
      `${API_BODY_LIMIT / 1024} KiB`,
      `${LINES_BODY_LIMIT / 1024} KiB`,
    ]
    expect(bounds.filter((words) => !API.includes(words))).toEqual([])
  })
})

describe('settings', () => {
  it('are complete in every region', () => {
    const wrangler = read('wrangler.toml')
    const regions = [...wrangler.matchAll(/^\[env\.(\w+)\]/gm)].map(([, name]) => name)
    expect(regions.length).toBe(2)
    for (const region of regions) {
      const vars = new RegExp(`\\[env\\.${region}\\.vars\\]\\n([^[]*)`).exec(wrangler)?.[1] ?? ''
      for (const name of ['REGION', 'ACQUIRER', 'ACQUIRER_ID'])
        expect(vars).toMatch(new RegExp(`^${name} = `, 'm'))
      expect(read('docs/deploy.md')).toContain(`\`${region}\``)
    }
  })

  it('to change before a deployment have a comment above them', () => {
    const values = [...read('wrangler.toml').matchAll(/((?:^#.*\n)*)^(database_id|ACQUIRER_ID|routes) = /gm)]
    expect(values.length).toBe(3 + 3 + 2)
    for (const [, comment, name] of values)
      expect([name, comment]).toEqual([name, expect.stringContaining('CHANGE')])
  })
})

describe('commands', () => {
  const scripts: Readonly<Record<string, string>> = JSON.parse(read('package.json')).scripts

  it('of npm in a page are scripts', () => {
    for (const [page, text] of Object.entries(PAGES)) {
      const named = [...text.matchAll(/npm run (?:-s )?([\w:-]+)|npm (start|test)\b/g)]
      for (const [, script, direct] of named)
        expect([page, Object.keys(scripts)]).toEqual([page, expect.arrayContaining([script ?? direct])])
    }
  })

  it('docs/cli.md has every command, and the README links to it', () => {
    const rows = column(table(CLI, '| command | what it does |'), 0)
    expect(rows.map((row) => /\[`([\w -]+)`\]/.exec(row)?.[1])).toEqual(Object.keys(COMMANDS))
    expect(README).toContain('](docs/cli.md)')
  })
})

it.each(Object.entries(PAGES))('every path in %s exists', (_, text) => {
  const paths = [...text.matchAll(/`((?:src|test|assembly|migrations)\/[\w./-]*|[\w-]+\.(?:md|toml|json))`/g)]
  for (const [, path = ''] of paths)
    expect([
      path,
      existsSync(path) || existsSync(`test/${path}`) || existsSync(`test/vectors/${path}`),
    ]).toEqual([path, true])
})

it('docs/README.md lists every page of docs/ and the first page of each folder', () => {
  const linked = [...read('docs/README.md').matchAll(/\]\(([\w./-]+)/g)].map(([, to = '']) => `docs/${to}`)
  const pages = docs
    .map(([path]) => path)
    .filter((path) => /^docs\/(?:[\w-]+\.md|[\w-]+\/README\.md)$/.test(path))
  expect(pages.filter((path) => path !== 'docs/README.md' && !linked.includes(path))).toEqual([])
})

it('the changelog starts with the version of the package', () => {
  expect(/^## (\S+)/m.exec(CHANGELOG)?.[1]).toBe(JSON.parse(read('package.json')).version)
})

describe('test/README.md', () => {
  const walk = (folder: string) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath.replaceAll('\\', '/')}/${entry.name}`.replace('test/', ''))
  const files = walk('test')

  it('lists exactly the test files', () => {
    const documented = column(table(TESTS, '| file | what it shows |'), 0)
    expect(documented.toSorted()).toEqual(files.filter((path) => path.endsWith('.test.ts')).toSorted())
  })

  it('names the origin of every vector file', () => {
    const documented = column(table(TESTS, '| vectors | what they are | origin |'), 0)
    expect(documented.toSorted()).toEqual(files.filter((path) => path.startsWith('vectors/')).toSorted())
  })
})
