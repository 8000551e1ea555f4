/** @module The pages match the code: reasons, routes, settings, commands, tables. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { SANDBOX_OUTCOMES } from '../src/acquirer/sandbox.ts'
import { BEARER_KEY, RETRY_AFTER } from '../src/admission/admission-controller.ts'
import { PRIORITIES } from '../src/admission/concurrency-limit.ts'
import { UNPROVED } from '../src/admission/sources.ts'
import { ALL_SIGN_ONS, SIGN_ON, TERMINAL, WITHOUT_MAC } from '../src/admission/terminals.ts'
import { API_BODY_LIMIT, API_ROUTES, CAPTURED_SALES_BODY_LIMIT } from '../src/api/door.ts'
import { DOOR_REFUSALS } from '../src/api/json/problem.ts'
import { CAPTURED_SALE_LINES } from '../src/api/ndjson.ts'
import { ACQUIRER_STATES, ACQUIRER_TRANSITIONS } from '../src/domain/acquirer-state.ts'
import { REFUSALS, refusalOf } from '../src/domain/decline-reason.ts'
import { MAC_PROFILES } from '../src/domain/types.ts'
import { ISO_CONTENT_TYPE } from '../src/iso8583/frame.ts'
import { TERMINAL_BODY_LIMIT, TERMINAL_PATHS } from '../src/pos/door.ts'

const read = (path: string): string => readFileSync(path, 'utf8')
const README = read('README.md')
const ARCHITECTURE = read('ARCHITECTURE.md')
const SECURITY = read('SECURITY.md')
const CHANGELOG = read('CHANGELOG.md')
const TESTS = read('test/README.md')
const PAGES = { README, ARCHITECTURE, SECURITY, CHANGELOG, TESTS }

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

/** Does not print the whole page when it fails. */
const expectInReadme = (words: string): void => expect([words, README.includes(words)]).toEqual([words, true])

describe('reasons', () => {
  it('of the domain are in ARCHITECTURE.md, in order, with field 39, status, texts and next action', () => {
    const documented = table(ARCHITECTURE, '| reason | 39 | HTTP | 中文 | English | doNext |')
    const ours = (Object.keys(REFUSALS) as (keyof typeof REFUSALS)[]).map((reason) => {
      const { responseCode, httpStatus, zh, en, doNext } = refusalOf(reason)
      return [reason, responseCode, String(httpStatus), zh, en, doNext]
    })
    expect(documented).toEqual(ours)
  })

  it('of the JSON API are there too', () => {
    const documented = table(ARCHITECTURE, '| reason | HTTP | 中文 | English | doNext |')
    const ours = Object.entries(DOOR_REFUSALS).map(([reason, { status, zh, en, doNext }]) => [
      reason,
      String(status),
      zh,
      en,
      doNext,
    ])
    expect(documented).toEqual(ours)
  })

  it('in a page exist', () => {
    const known = new Set([...Object.keys(REFUSALS), ...Object.keys(DOOR_REFUSALS)])
    const named = [...ARCHITECTURE.matchAll(/\(`(\w+)`, [0-9A-Z]{2}\)/g)].map(([, reason = '']) => reason)
    expect(named.length).toBeGreaterThan(1)
    expect(named.filter((reason) => !known.has(reason))).toEqual([])
  })
})

it('the states of a forwarded message are drawn as in the code', () => {
  const drawn = table(ARCHITECTURE, '| state | event | next state |')
  const ours = Object.entries(ACQUIRER_TRANSITIONS).flatMap(([state, events]) =>
    Object.entries(events).map(([event, next]) => [state, event, next]),
  )
  expect(drawn).toEqual(ours)
  for (const name of [...ACQUIRER_STATES, ...ours.map(([, event = '']) => event)])
    expect(/ {13}acquirer_approved[\s\S]*?\n## /.exec(ARCHITECTURE)?.[0]).toContain(name)
})

describe('APIs', () => {
  it("the README has the POS door's paths, content type and limit", () => {
    for (const path of TERMINAL_PATHS) expectInReadme(path)
    expectInReadme(ISO_CONTENT_TYPE)
    expectInReadme(`${TERMINAL_BODY_LIMIT.toLocaleString('en-US')} bytes`)
  })

  it('the README’s table lists exactly the routes of the JSON API', () => {
    const documented = column(table(README, '| route | what it does |'), 0)
    const ours = Object.entries(API_ROUTES).flatMap(([path, methods]) =>
      methods.map((method) => `${method} ${path}`),
    )
    expect(documented.toSorted()).toEqual(ours.toSorted())
  })

  it('the README has the limits of its bodies', () => {
    expectInReadme(`up to ${CAPTURED_SALE_LINES} as NDJSON`)
    expectInReadme(`${API_BODY_LIMIT / 1024} KiB`)
    expectInReadme(`${CAPTURED_SALES_BODY_LIMIT / 1024} KiB`)
  })

  it('the README and ARCHITECTURE.md have every MAC profile', () => {
    const rows = column(table(ARCHITECTURE, '| MAC profile | algorithm | field 64 |'), 0).join(', ')
    expect([...rows.matchAll(/[\w.-]+/g)].map(([name]) => name).toSorted()).toEqual(MAC_PROFILES.toSorted())
    for (const profile of MAC_PROFILES) expectInReadme(`\`${profile}\``)
  })
})

describe('settings', () => {
  const documented = column(table(README, '| setting | what it is |'), 0)

  it('of wrangler.toml and create-services.ts are exactly those of the README’s table', () => {
    const wrangler = read('wrangler.toml')
    const vars = [...wrangler.matchAll(/^\[(?:env\.\w+\.)?vars\]\n((?:(?:#.*|\w+ = .*)\n)+)/gm)].flatMap(
      ([, body = '']) => [...body.matchAll(/^(\w+) =/gm)].map(([, name]) => name),
    )
    const bindings = [...wrangler.matchAll(/^binding = "(\w+)"/gm)].map(([, name]) => name)
    const secrets = [...wrangler.matchAll(/secret put (\w+)/g)].map(([, name]) => name)
    const interfaces = ['src/create-services.ts', 'src/acquirer/settings.ts'].map(read).join('\n')
    const declared = interfaces.matchAll(/interface (?:Environment extends )?\w*(?:Settings) \{([^}]*)\}/g)
    const used = [...declared].flatMap(([, body = '']) =>
      [...body.matchAll(/readonly (\w+)/g)].map(([, name]) => name),
    )
    expect(used.length).toBeGreaterThan(9)
    expect(documented.toSorted()).toEqual(
      [...new Set([...vars, ...bindings, ...secrets, ...used])].toSorted(),
    )
  })

  it('are complete in every region', () => {
    const wrangler = read('wrangler.toml')
    const regions = [...wrangler.matchAll(/^\[env\.(\w+)\]/gm)].map(([, name]) => name)
    expect(regions.length).toBe(2)
    for (const region of regions) {
      const vars = new RegExp(`\\[env\\.${region}\\.vars\\]\\n([^[]*)`).exec(wrangler)?.[1] ?? ''
      for (const name of ['REGION', 'ACQUIRER', 'ACQUIRER_ID'])
        expect(vars).toMatch(new RegExp(`^${name} = `, 'm'))
      expectInReadme(`\`${region}\``)
    }
  })

  it('to change before a deployment have a comment above them', () => {
    const values = [...read('wrangler.toml').matchAll(/((?:^#.*\n)*)^(database_id|ACQUIRER_ID|routes) = /gm)]
    expect(values.length).toBe(3 + 3 + 2)
    for (const [, comment, name] of values)
      expect([name, comment]).toEqual([name, expect.stringContaining('CHANGE')])
  })
})

it('ARCHITECTURE.md has the rates and the shares of the concurrency limit', () => {
  const buckets = { TERMINAL, WITHOUT_MAC, SIGN_ON, ALL_SIGN_ONS, BEARER_KEY, UNPROVED }
  const documented = table(ARCHITECTURE, '| bucket | burst | one more every | counted by |')
  const ours = Object.entries(buckets).map(([name, { burst, everyMs }]) => [
    name,
    String(burst),
    `${everyMs.toLocaleString('en-US')} ms`,
  ])
  expect(documented.map((row) => row.slice(0, 3))).toEqual(ours)
  const priorities = table(ARCHITECTURE, '| priority | what it is | may fill of the gate | `Retry-After` |')
  expect(priorities.map(([priority, , , seconds]) => [priority, seconds])).toEqual(
    PRIORITIES.toReversed().map((priority) => [priority, `${RETRY_AFTER[priority]} s`]),
  )
})

it('the README has the sandbox’s outcomes with their field 39', () => {
  const documented = table(README, '| amount ends in | outcome | field 39 |')
  const ours = Object.entries(SANDBOX_OUTCOMES)
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([digits, outcome]) => [
      digits,
      outcome,
      outcome === 'unknown' ? 'none' : refusalOf(outcome).responseCode,
    ])
  const named = documented.map(([digits, outcome = '', code]) => [
    digits,
    outcome.match(/^`?(\w+)/)?.[1],
    code,
  ])
  expect(named.slice(0, -1)).toEqual(ours)
  expect(documented.at(-1)).toEqual(['anything else', 'approved', '00'])
})

describe('commands', () => {
  const scripts: Readonly<Record<string, string>> = JSON.parse(read('package.json')).scripts
  const cli = read('src/cli/index.ts')
  const ours = [...cli.matchAll(/^ {2}'?([\w-]+)'?: \(\) => import\(/gm)].map(([, name = '']) => name)

  it('start with the two of the README', () => {
    const block = /```sh\n([\s\S]*?)```/.exec(README)?.[1]
    expect(block).toBe('npm ci && npm run demo\nnpm ci && npm test\n')
    expect(scripts).toHaveProperty('demo')
    expect(scripts).toHaveProperty('test')
  })

  it('of npm in a page are scripts', () => {
    for (const [page, text] of Object.entries(PAGES)) {
      const named = [...text.matchAll(/npm run (?:-s )?([\w:-]+)|npm (start|test)\b/g)]
      for (const [, script, direct] of named)
        expect([page, Object.keys(scripts)]).toEqual([page, expect.arrayContaining([script ?? direct])])
    }
  })

  it('of `annul` in a page exist, and the README has them all', () => {
    expect(ours.length).toBeGreaterThan(8)
    const rows = column(table(README, '| command | what it does |'), 0)
    const tabled = rows.flatMap((row) => row.replaceAll('`', '').split(', '))
    expect(tabled.toSorted()).toEqual(ours.toSorted())
    for (const text of Object.values(PAGES))
      for (const [, name = ''] of text.matchAll(/(?:npm run (?:-s )?annul --|`annul) ([a-z][\w-]*)/g))
        expect(ours).toContain(name)
  })

  it('have only options that the command reads', () => {
    const source = readdirSync('src/cli', { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => read(`src/cli/${name}`))
      .join('\n')
    const lines = [...README.matchAll(/(?:npm run -s annul -- |^\| `[\w-]+` \| ).*/gm)].map(([line]) => line)
    const options = new Set(
      lines.flatMap((line) => [...line.matchAll(/ \[?--([a-z][\w-]+)/g)].map(([, name = '']) => name)),
    )
    expect(options.size).toBeGreaterThan(8)
    for (const option of options)
      expect([option, new RegExp(`['"\`]?(--)?${option}['"\`]?\\b`).test(source)]).toEqual([option, true])
  })

  it('of `annul terminal` are those of the README', () => {
    const row = table(README, '| command | what it does |').find(([name]) => name === 'terminal')?.[1] ?? ''
    const documented = [...row.matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name)
    expect(documented.toSorted()).toEqual(
      ['sign-on', 'echo', 'sale', 'void', 'reverse', 'settle', 'sign-off', 'day'].toSorted(),
    )
    const source = read('src/cli/terminal.ts')
    for (const name of documented)
      expect([name, new RegExp(`\\b${name}\\b`).test(source)]).toEqual([name, true])
  })
})

it('ARCHITECTURE.md lists exactly the tables of the database', () => {
  const sql = readdirSync('migrations')
    .filter((name) => name.endsWith('.sql'))
    .map((name) => read(`migrations/${name}`))
    .join('\n')
  const renamed = new Map(
    [...sql.matchAll(/ALTER TABLE `(\w+)` RENAME TO `(\w+)`/g)].map(([, from = '', to = '']) => [from, to]),
  )
  const created = [...sql.matchAll(/CREATE TABLE `(?!__new_)(\w+)`/g)].map(([, name = '']) => name)
  const tables = created.map((name) => renamed.get(name) ?? name)
  expect(tables.length).toBeGreaterThan(8)
  expect(column(table(ARCHITECTURE, '| table | what it is |'), 0).toSorted()).toEqual(tables.toSorted())
})

it.each(Object.entries(PAGES))('every path in %s exists', (_, text) => {
  const paths = [...text.matchAll(/`((?:src|test|assembly|migrations)\/[\w./-]*|[\w-]+\.(?:md|toml|json))`/g)]
  for (const [, path = ''] of paths)
    expect([
      path,
      existsSync(path) || existsSync(`test/${path}`) || existsSync(`test/vectors/${path}`),
    ]).toEqual([path, true])
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
