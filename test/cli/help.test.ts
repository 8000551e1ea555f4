/** @module The help of `annul`: the overview, the help of each command, and hints after a mistake. */

import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Declaration, optionsOf } from '../../src/cli/lib/declare.ts'
import { usageOf } from '../../src/cli/lib/help.ts'
import { parse } from '../../src/cli/lib/parse.ts'
import {
  COMMANDS,
  type CommandName,
  firstWords,
  GROUPS,
  isCommand,
  SECTIONS,
} from '../../src/cli/table/index.ts'
import { callCli } from './call-cli.ts'
import { cliPage } from './page.ts'

const all = Object.entries(COMMANDS) as [CommandName, Declaration][]
const names = all.map(([name]) => name)

test('the overview has every command with its line, and is the same for each way to request it', async () => {
  const { code, out, errors } = await callCli(['--help'])
  expect([code, errors]).toEqual([0, ''])
  for (const [name, { about }] of all) expect(out).toMatch(new RegExp(`^  ${name} +${literal(about)}$`, 'm'))
  for (const args of [['help'], ['-h']]) expect((await callCli(args)).out).toBe(out)
})

const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

test('help loads no command: main.ts and the table import declarations only', () => {
  const files = ['src/cli/main.ts', ...readdirSync('src/cli/table').map((name) => `src/cli/table/${name}`)]
  const imported = files.flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/^(?:import|\} from) [^']*'(\.[^']+)'/gm)].map(([, to = '']) =>
      posix.join(posix.dirname(path), to),
    ),
  )
  expect(imported.length).toBeGreaterThan(15)
  // Lists of names for options, and the rule of test cards.
  const NAMES =
    /^src\/(core\/(cipher|mac)|domain\/(types|merchant-rules|terminal-profile|card-number|sale-facts)|terminal\/(state|test-cards))\.ts$/
  expect(imported.filter((to) => !/^src\/cli\/(lib|table)\//.test(to) && !NAMES.test(to))).toEqual([])
  const loading = imported.filter((to) => /lib\/(core|database|http-transport|show-exchange)\.ts$/.test(to))
  expect(loading).toEqual([])
})

test('every command is in one section of help, and every group has a line', () => {
  expect(Object.values(SECTIONS).flat()).toEqual(firstWords())
  const groups = names.filter((name) => name.includes(' ')).map((name) => name.split(' ')[0])
  expect(Object.keys(GROUPS).toSorted()).toEqual([...new Set(groups)].toSorted())
  expect(Object.keys(GROUPS).filter(isCommand)).toEqual([])
})

describe.each(all)('%s --help', (name, declaration) => {
  test('has a line for each option, the exit codes and an example', async () => {
    const { code, out, errors } = await callCli([...name.split(' '), '--help'])
    expect([code, errors]).toEqual([0, ''])
    const options = Object.entries(optionsOf(declaration))
    for (const [key, option] of options) {
      const line = out.split('\n').find((one) => one.startsWith(`  ${usageOf(key, option)} `)) ?? ''
      expect(line).toContain(option.about)
      if (option.required) expect(line).toMatch(/\(required/)
      if (option.secret) expect(line).toContain('secret')
      for (const more of [option.env, option.fallback, ...(option.type?.choices ?? [])])
        expect(line).toContain(more ?? '')
    }
    expect(out).toMatch(/^ {2}0 {2}done$/m)
    expect(out).toContain(`\n  npm run -s annul -- ${name}`)
    expect(await callCli(['help', ...name.split(' ')])).toEqual({ code, out, errors })
  })

  test('has examples that the parser accepts', () => {
    expect(declaration.examples.length).toBeGreaterThan(0)
    for (const example of declaration.examples) {
      const words = (example.split(' < ')[0] ?? '').split(' ')
      expect(words.slice(0, name.split(' ').length).join(' ')).toBe(name)
      expect(() =>
        parse(declaration, { name, args: words.slice(name.split(' ').length), env: {} }),
      ).not.toThrow()
    }
  })

  test('has plain sentences: short lines, no blank at an end', () => {
    const { about, notes = [], options, fails = '', json } = declaration
    const lines = [
      about,
      ...notes,
      fails,
      ...Object.values(options).map((option) => option.about),
      ...Object.values(json?.members ?? {}),
    ]
    for (const line of lines) {
      expect(line).toBe(line.trim())
      for (const sentence of line.split(/[.;:] /))
        expect(sentence.split(' ').length, sentence).toBeLessThanOrEqual(25)
    }
  })
})

test.each(Object.keys(GROUPS))('%s --help lists its operations', async (group) => {
  const { code, out } = await callCli([group, '--help'])
  expect(code).toBe(0)
  for (const name of names.filter((one) => one.startsWith(`${group} `))) expect(out).toContain(`\n  ${name} `)
})

test('--version prints the version of the package', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  expect(await callCli(['--version'])).toEqual({ code: 0, out: version, errors: '' })
})

describe('prints one line and exits with 2 after a mistake', () => {
  test.each([
    [[], 'annul: no command: expected one of describe, mac,'],
    [['termnal'], 'annul: unknown command: did you mean terminal?'],
    [['recnocile'], 'annul: unknown command: did you mean reconcile?'],
    [['stop'], 'annul: unknown command: expected one of describe, mac,'],
    [['constructor'], 'annul: unknown command: expected one of'],
    [['terminal'], 'terminal: no operation: expected one of sign-on, echo, sale,'],
    [['terminal', 'viod'], 'terminal: unknown operation: did you mean void?'],
    [['terminal', 'refund'], 'terminal: unknown operation: expected one of sign-on, echo,'],
    [['terminal', '--mid', '1', 'sale'], 'terminal: unknown operation: expected one of'],
    [['journal', 'check'], 'journal: unknown operation: expected one of verify'],
    [['mac', '--algoritm', 'x9.9'], 'mac: --algoritm is not an option: did you mean --algorithm?'],
    [['terminal', 'sale', '--pin', '1'], 'terminal sale: --pin is not an option: did you mean --pan?'],
    [['mac', '--ndjson', '--padding'], 'mac: word 3 is not an option: see annul mac --help'],
    [['terminal', 'echo', '-x'], 'terminal echo: word 3 is not an option: see annul terminal echo --help'],
    [['build', 'now'], 'build: word 2 is not expected: see annul build --help'],
    [['lrc', '00', '11'], 'lrc: word 3 is not expected: see annul lrc --help'],
    [['completion', 'tcsh'], 'completion: SHELL: expected one of bash, zsh, fish'],
    [['completion'], 'completion: SHELL is missing: expected one of bash, zsh, fish'],
  ])('%j', async (args, line) => {
    const { code, out, errors } = await callCli(args)
    expect([code, out]).toEqual([2, ''])
    expect(errors).toContain(line)
    expect(errors.split('\n')).toHaveLength(1)
  })

  const SECRET = '5CBE7E38A146FD5C'
  test.each([
    [[SECRET]],
    [['terminal', SECRET]],
    [['mac', SECRET]],
    [[`--${SECRET}`]],
    [['mac', `--${SECRET}`]],
    [['mac', `-${SECRET}`]],
    [['mac', `--kay=${SECRET}`, '--algorithm', 'x9.9', '--message', '00']],
    [['mac', `--json=${SECRET}`]],
    [['mac', '--key', `${SECRET}0`, '--algorithm', SECRET, '--message', SECRET]],
    [['mac', '--key', '--algorithm', SECRET]],
    [['mac', '--ndjson', '--key', `-${SECRET}`]],
    [['kcv', '--cipher', '3des', '--key', SECRET]],
    [['describe', `${SECRET}z`]],
    [['provision', '--mid', SECRET, '--tid', SECRET, '--key', SECRET]],
  ])('%j does not print the key', async (args) => {
    const { code, out, errors } = await callCli(args)
    expect([code, out]).toEqual([2, ''])
    expect(errors).not.toMatch(new RegExp(SECRET, 'i'))
  })
})

test('docs/cli.md matches the table: npm run docs rewrites it', () => {
  expect(readFileSync('docs/cli.md', 'utf8') === cliPage()).toBe(true)
})
