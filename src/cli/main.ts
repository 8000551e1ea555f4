/** @module Finds the command of a command line in the table, parses its options, runs it, and gives its exit code. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Run } from './lib/declare.ts'
import { Failure, UsageError } from './lib/failure.ts'
import { commandHelp, groupHelp, overview } from './lib/help.ts'
import type { CommandIo } from './lib/io.ts'
import { nearest } from './lib/nearest.ts'
import { parse } from './lib/parse.ts'
import {
  COMMANDS,
  type CommandName,
  commandsOf,
  firstWords,
  GROUPS,
  isCommand,
  SECTIONS,
} from './table/index.ts'

type Load<Name extends CommandName> = () => Promise<Run<(typeof COMMANDS)[Name]>>

/** Loads the module of one command, so that no command pays for the others. */
const LOAD: { readonly [Name in CommandName]: Load<Name> } = {
  describe: async () => (await import('./describe.ts')).run,
  mac: async () => (await import('./mac.ts')).run,
  cipher: async () => (await import('./cipher.ts')).run,
  kcv: async () => (await import('./kcv.ts')).run,
  lrc: async () => (await import('./lrc.ts')).run,
  'terminal sign-on': async () => (await import('./terminal.ts')).RUN_OPERATION['sign-on'],
  'terminal echo': async () => (await import('./terminal.ts')).RUN_OPERATION.echo,
  'terminal sale': async () => (await import('./terminal.ts')).RUN_OPERATION.sale,
  'terminal void': async () => (await import('./terminal.ts')).RUN_OPERATION.void,
  'terminal reverse': async () => (await import('./terminal.ts')).RUN_OPERATION.reverse,
  'terminal settle': async () => (await import('./terminal.ts')).RUN_OPERATION.settle,
  'terminal sign-off': async () => (await import('./terminal.ts')).RUN_OPERATION['sign-off'],
  'terminal day': async () => (await import('./terminal.ts')).RUN_OPERATION.day,
  merchant: async () => (await import('./merchant.ts')).run,
  provision: async () => (await import('./provision.ts')).run,
  'api-key create': async () => (await import('./api-key.ts')).create,
  'api-key list': async () => (await import('./api-key.ts')).list,
  'api-key revoke': async () => (await import('./api-key.ts')).revoke,
  reconcile: async () => (await import('./reconcile.ts')).run,
  'journal verify': async () => (await import('./journal.ts')).verifyJournal,
  'journal rebuild': async () => (await import('./journal.ts')).rebuildJournal,
  'journal archive': async () => (await import('./archive.ts')).archive,
  'journal find': async () => (await import('./archive.ts')).find,
  'shards plan': async () => (await import('./shards.ts')).planShards,
  'shards verify': async () => (await import('./shards.ts')).verifyShards,
  'keys rewrap': async () => (await import('./keys.ts')).rewrap,
  'keys status': async () => (await import('./keys.ts')).status,
  status: async () => (await import('./status.ts')).run,
  start: async () => (await import('./dev/start.ts')).run,
  env: async () => (await import('./dev/env.ts')).run,
  demo: async () => (await import('./demo/demo.ts')).run,
  acquirer: async () => (await import('./dev/acquirer.ts')).run,
  build: async () => (await import('./build.ts')).run,
  completion: async () => (await import('./completion.ts')).run,
}

/** Runs a command line, without the leading `annul`; returns the exit code. */
export async function main(argv: readonly string[], io: CommandIo): Promise<number> {
  const name = argv.slice(0, isCommand(argv[0] ?? '') ? 1 : 2).join(' ')
  if (isCommand(name)) {
    const args = argv.slice(name.split(' ').length)
    if (asksForHelp(args)) return print(io, commandHelp(name, COMMANDS[name]))
    return execute(name, args, io)
  }
  return withoutCommand(argv, io)
}

async function execute<Name extends CommandName>(
  name: Name,
  args: readonly string[],
  io: CommandIo,
): Promise<number> {
  try {
    const parsed = parse(COMMANDS[name], { name, args, env: io.env })
    const run: Run<(typeof COMMANDS)[Name]> = await LOAD[name]()
    return await run(parsed, io)
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof Failure)) throw error
    io.stderr(`${name}: ${error.message}`)
    return error instanceof UsageError ? 2 : 1
  }
}

const asksForHelp = (args: readonly string[]): boolean => args.includes('--help') || args.includes('-h')

function print(io: CommandIo, lines: readonly string[]): number {
  io.stdout(lines.join('\n'))
  return 0
}

/** No command begins the line: help, the version, a group, or a mistake. */
async function withoutCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const [first = '', second = ''] = argv
  if (first === 'help' && argv.length > 1) return main([...argv.slice(1), '--help'], io)
  if (first === 'help' || first === '--help' || first === '-h') return print(io, overviewOfAll())
  if (first === '--version') return print(io, [await version()])
  const group = Object.hasOwn(GROUPS, first) ? GROUPS[first] : undefined
  if (group !== undefined && asksForHelp(argv))
    return print(io, groupHelp(first, group, named(commandsOf(first))))
  io.stderr(
    group === undefined
      ? mistake('annul', 'command', first, firstWords())
      : mistake(
          first,
          'operation',
          second,
          commandsOf(first).map((name) => name.slice(first.length + 1)),
        ),
  )
  return 2
}

/** The word itself is not repeated: it may be a key that lost its option. */
function mistake(prefix: string, what: string, word: string, names: readonly string[]): string {
  const near = nearest(word, names)
  const hint = near === undefined ? `expected one of ${names.join(', ')}` : `did you mean ${near}?`
  return `${prefix}: ${word === '' ? `no ${what}` : `unknown ${what}`}: ${hint}`
}

const named = (names: readonly CommandName[]) => names.map((name) => [name, COMMANDS[name]] as const)

const overviewOfAll = (): string[] =>
  overview(
    Object.entries(SECTIONS).map(([title, words]) => [title, named(words.flatMap(commandsOf))] as const),
  )

async function version(): Promise<string> {
  const text = await readFile(join(import.meta.dirname, '../../package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
