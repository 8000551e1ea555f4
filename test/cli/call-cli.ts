/** @module Calls `annul` inside this process: its exit code and its two streams. For commands that start no server. */

import { expect } from 'vitest'
import type { Declaration } from '../../src/cli/lib/declare.ts'
import { main } from '../../src/cli/main.ts'
import { COMMANDS, type CommandName } from '../../src/cli/table/index.ts'

export interface Called {
  readonly code: number
  readonly out: string
  readonly errors: string
}

export interface CallOptions {
  readonly stdin?: readonly (string | Uint8Array)[]
  readonly env?: Readonly<Record<string, string>>
}

export async function callCli(
  args: readonly string[],
  { stdin = [], env = {} }: CallOptions = {},
): Promise<Called> {
  const out: string[] = []
  const errors: string[] = []
  async function* chunks() {
    yield* stdin
  }
  const code = await main(args, {
    stdin: chunks(),
    stdout: (line) => out.push(line),
    stderr: (line) => errors.push(line),
    env,
  })
  return { code, out: out.join('\n'), errors: errors.join('\n') }
}

/** Each line of stdout has the members that the table documents, and no other. Returns the lines. */
export function documentedJson(name: CommandName, stdout: string): Record<string, unknown>[] {
  const { json }: Declaration = COMMANDS[name]
  const members = Object.keys(json?.members ?? {})
  const required = members.filter((member) => !/[?…]$/.test(member))
  const known = members.map((member) => member.replace('?', ''))
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  for (const line of lines) {
    expect(required.filter((member) => !(member in line))).toEqual([])
    if (!known.includes('…'))
      expect(Object.keys(line).filter((member) => !known.includes(member))).toEqual([])
  }
  return lines
}
