/** @module A test runs every command of the README. The README has its sections in order. */

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { whatToTry } from '../src/cli/dev/start.ts'
import { blocksOf, COMMANDS, missingLines, README, SHOWN } from './cli/readme.ts'

const read = (path: string): string => readFileSync(path, 'utf8')
const linesOf = (text: string): string[] => text.trimEnd().split('\n')
const scripts: Readonly<Record<string, string>> = JSON.parse(read('package.json')).scripts

it('has four blocks of commands in the README, and the two commands first', () => {
  expect(blocksOf('sh')).toEqual(Object.values(COMMANDS))
  expect(COMMANDS.twoCommands).toBe('npm ci && npm run demo\nnpm ci && npm test\n')
  expect(COMMANDS.start).toBe('npm start\n')
})

it('starts `npm run demo` and `npm start` in test/cli/demo.test.ts, and the rest in CI', () => {
  expect(scripts).toMatchObject({
    demo: 'node src/cli/index.ts demo',
    start: 'node src/cli/index.ts start',
    annul: 'node src/cli/index.ts',
  })
  const test = read('test/cli/demo.test.ts')
  for (const call of ["runCli(['demo',", "startCli(['start',"]) expect(test).toContain(call)
  for (const command of ['npm ci', 'npm test'])
    for (const path of ['.ci/run', '.github/workflows/ci.yml'])
      expect([path, linesOf(read(path)).some((line) => line.includes(command))]).toEqual([path, true])
})

it('runs the other blocks in test/cli/demo.test.ts, and compares their output with the README’s', () => {
  const test = read('test/cli/demo.test.ts')
  for (const name of Object.keys(SHOWN)) expect(test).toContain(`SHOWN.${name}`)
  for (const name of ['voidByCurl', 'voidByTerminal']) expect(test).toContain(`COMMANDS.${name}`)
})

it('finds the README’s commands in the output of `npm start`', () => {
  const seen = { url: new URL('http://127.0.0.1:8787'), credentialsPath: '.annul/dev.json' }
  const printed = whatToTry(seen as Parameters<typeof whatToTry>[0]).map((line) => line.replace(/^ {2}/, ''))
  for (const commands of [COMMANDS.voidByCurl, COMMANDS.voidByTerminal])
    expect(missingLines(commands, printed.join('\n'))).toEqual([])
})

it('finds twelve lines of a picture, ten of the demo, and every section in its place in the README', () => {
  const [picture = ''] = blocksOf('text')
  expect([linesOf(picture).length, linesOf(SHOWN.demoOutput).length]).toEqual([12, 10])
  expect([...README.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading)).toEqual([
    'Annul',
    'Two commands',
    'Void a sale by `curl`',
    'Void a sale from a terminal',
    'Concepts',
    'Speed',
    'Documentation',
    'Licence and status',
  ])
  const concepts = /## Concepts\n\n([\s\S]*?)\n\n/.exec(README)?.[1] ?? ''
  expect(linesOf(concepts).length).toBe(6)
})

it('detects a line that an output lacks or has elsewhere', () => {
  const output = 'a 000000000001\nb 1.5 ms\nc'
  expect(missingLines('a 000000000002\nb 20 ms\nc\n', output)).toEqual([])
  expect(missingLines('b 2 ms\na 000000000001', output)).toEqual(['a RRN'])
  expect(missingLines('a 1', output)).toEqual(['a 1'])
})
