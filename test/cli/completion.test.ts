/** @module `annul completion`: the scripts complete commands, options and values, as the shells run them. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { flagOf, optionsOf } from '../../src/cli/lib/declare.ts'
import { COMMANDS, firstWords, GROUPS } from '../../src/cli/table/index.ts'
import { callCli } from './call-cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'annul-completion-'))
afterAll(() => rmSync(folder, { recursive: true }))

const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

const path = (shell: Shell) => join(folder, shell)
beforeAll(async () => {
  for (const shell of SHELLS) writeFileSync(path(shell), (await callCli(['completion', shell])).out)
  writeFileSync(join(folder, 'a state.json'), '')
})

const isHere = (shell: Shell): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0

/** A shell's suggestions for a line that ends at the cursor, sorted. */
const COMPLETE: Readonly<Record<Shell, string>> = {
  bash: `source ${path('bash')}
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _annul
    for word in "\${COMPREPLY[@]}"; do echo "$word"; done`,
  // Outside of its line editor zsh has no completion, so these functions replace those of the editor.
  zsh: `compdef() {}; _files() { print FILES }
    _describe() { print -l -- \${\${(P)2}%%:*} }
    compadd() { shift; print -l -- $@ }
    source ${path('zsh')}
    words=("$@"); CURRENT=$#words; _annul`,
  fish: `source ${path('fish')}; complete -C (string join ' ' -- $argv)`,
}

function complete(shell: Shell, ...words: string[]): string[] {
  const args = shell === 'fish' ? words : ['annul-test', ...words]
  const { stdout, status } = spawnSync(shell, ['-c', COMPLETE[shell], ...args], {
    cwd: folder,
    encoding: 'utf8',
  })
  expect(status).toBe(0)
  const offered = stdout.split('\n').map((line) => line.replace(/\t.*/, ''))
  const typed = words.at(-1) ?? ''
  return offered.filter((word) => word !== '' && word.startsWith(typed)).toSorted()
}

const operations = Object.keys(COMMANDS)
  .filter((name) => name.startsWith('terminal '))
  .map((name) => name.split(' ')[1] ?? '')

/** Windows has no shells to run. A machine may lack zsh or fish. */
describe.each(SHELLS)('%s', (shell) => {
  test.runIf(isHere(shell))('completes commands and operations', () => {
    const first = complete(shell, 'annul', '')
    expect(first).toEqual(expect.arrayContaining([...firstWords(), 'help']))
    expect(complete(shell, 'annul', 'te')).toEqual(['terminal'])
    expect(complete(shell, 'annul', 'terminal', '')).toEqual(expect.arrayContaining(operations))
    expect(complete(shell, 'annul', 'terminal', 'se')).toEqual(['settle'])
    expect(complete(shell, 'annul', 'nothing', 'sign')).toEqual([])
  })

  test.runIf(isHere(shell))('completes the options of each command', () => {
    for (const [name, declaration] of Object.entries(COMMANDS)) {
      const flags = [...Object.keys(optionsOf(declaration)).map(flagOf), '--help']
      expect(complete(shell, 'annul', ...name.split(' '), '--')).toEqual(flags.toSorted())
    }
  })

  test.runIf(isHere(shell))('completes short value lists and file names', () => {
    expect(complete(shell, 'annul', 'terminal', 'sale', '--mac', 'cup')).toEqual([
      'cup-ecb',
      'cup-ecb-16',
      'cup-sm4',
      'cup-sm4-bin',
    ])
    expect(complete(shell, 'annul', 'mac', '--algorithm', 'x9.9', '--k')).toEqual(['--key'])
    expect(complete(shell, 'annul', 'mac', '--key', '')).toEqual([])
    expect(complete(shell, 'annul', 'completion', '')).toEqual(expect.arrayContaining([...SHELLS]))
    const files = complete(shell, 'annul', 'terminal', 'echo', '--state', '')
    expect(files).toContain(shell === 'zsh' ? 'FILES' : 'a state.json')
  })

  test('has every command and every option', async () => {
    const { code, out } = await callCli(['completion', shell])
    expect(code).toBe(0)
    for (const [name, declaration] of Object.entries(COMMANDS)) {
      for (const word of name.split(' ')) expect(out).toContain(word)
      for (const key of Object.keys(optionsOf(declaration)))
        expect(out).toContain(shell === 'fish' ? `-l ${flagOf(key).slice(2)} ` : flagOf(key))
    }
    for (const group of Object.keys(GROUPS)) expect(out).toContain(group)
  })
})

test.runIf(process.platform === 'linux')('finds bash, so that one shell is always tested', () => {
  expect(isHere('bash')).toBe(true)
})
