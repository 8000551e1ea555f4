/** @module The `annul` command: finds the command's module, runs it, and turns its result into an exit code. */
import type { CommandIo } from './lib/io.ts'

type Command = { readonly run: (args: string[], io: CommandIo) => Promise<number> }

/** Loaded only when asked for, so that one command does not pay for the others. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  build: () => import('./build.ts'),
  mac: () => import('./mac.ts'),
  cipher: () => import('./cipher.ts'),
  lrc: () => import('./lrc.ts'),
  kcv: () => import('./kcv.ts'),
  describe: () => import('./describe.ts'),
  terminal: () => import('./terminal.ts'),
  provision: () => import('./provision.ts'),
  reconcile: () => import('./reconcile.ts'),
  journal: () => import('./journal.ts'),
  'api-key': () => import('./api-key.ts'),
  start: () => import('./start.ts'),
  acquirer: () => import('./acquirer.ts'),
  demo: () => import('./demo.ts'),
}

const io: CommandIo = {
  stdin: process.stdin,
  stdout: (line) => process.stdout.write(`${line}\n`),
  stderr: (line) => process.stderr.write(`${line}\n`),
}

const [name = '', ...args] = process.argv.slice(2)
const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
const commands = Object.keys(COMMANDS).join(', ')
if (name === 'help' || name === '--help')
  io.stdout(`annul COMMAND [OPTION …]: ${commands} (README.md, Tools)`)
else if (load === undefined) {
  io.stderr(`annul: expected a command: ${commands}`)
  process.exitCode = 2
} else {
  process.exitCode = await (await load()).run(args, io)
}
