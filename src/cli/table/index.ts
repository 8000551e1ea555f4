/** @module The table of commands, in the order of help. Its values are declarations only: no command is loaded. */

import type { Declaration } from '../lib/declare.ts'
import * as development from './development.ts'
import * as journal from './journal.ts'
import * as keys from './keys.ts'
import * as operation from './operation.ts'
import * as shards from './shards.ts'
import { TERMINAL_OPERATIONS } from './terminal.ts'
import * as tools from './tools.ts'

/** A command's name is one word, or the word of a group and the word of an operation. */
export const COMMANDS = {
  describe: tools.DESCRIBE,
  mac: tools.COMPUTE_MAC,
  cipher: tools.CIPHER_BLOCKS,
  kcv: tools.KCV,
  lrc: tools.LRC,
  'terminal sign-on': TERMINAL_OPERATIONS['sign-on'],
  'terminal echo': TERMINAL_OPERATIONS.echo,
  'terminal sale': TERMINAL_OPERATIONS.sale,
  'terminal void': TERMINAL_OPERATIONS.void,
  'terminal reverse': TERMINAL_OPERATIONS.reverse,
  'terminal settle': TERMINAL_OPERATIONS.settle,
  'terminal sign-off': TERMINAL_OPERATIONS['sign-off'],
  'terminal day': TERMINAL_OPERATIONS.day,
  merchant: operation.MERCHANT,
  provision: operation.PROVISION,
  'api-key create': operation.CREATE_KEY,
  'api-key list': operation.LIST_KEYS,
  'api-key revoke': operation.REVOKE_KEY,
  reconcile: operation.RECONCILE,
  'journal verify': journal.VERIFY_JOURNAL,
  'journal rebuild': journal.REBUILD_JOURNAL,
  'journal archive': journal.ARCHIVE_JOURNAL,
  'journal find': journal.FIND_ENTRIES,
  'shards plan': shards.PLAN_SHARDS,
  'shards verify': shards.VERIFY_SHARDS,
  'keys rewrap': keys.REWRAP_KEYS,
  'keys status': keys.KEYS_STATUS,
  status: operation.STATUS,
  start: development.START,
  env: development.ENV,
  demo: development.DEMO,
  acquirer: development.ACQUIRER,
  build: development.BUILD,
  completion: development.COMPLETION,
} as const satisfies Readonly<Record<string, Declaration>>

export type CommandName = keyof typeof COMMANDS

/** Heading of help → the first words of the commands below it. */
export const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  'Messages and cryptography': ['describe', 'mac', 'cipher', 'kcv', 'lrc'],
  'A virtual terminal': ['terminal'],
  Operation: ['merchant', 'provision', 'api-key', 'reconcile', 'journal', 'shards', 'keys', 'status'],
  'Development and shell': ['start', 'env', 'demo', 'acquirer', 'build', 'completion'],
}

/** The purpose of a group of operations. */
export const GROUPS: Readonly<Record<string, string>> = {
  terminal:
    'A virtual terminal. Its state is in a file, so that a void can follow a sale of an earlier command.',
  'api-key': 'Bearer keys of the JSON API.',
  keys: 'The data keys of a database, and the master key that wraps them.',
  shards: 'The databases of a region, and the buckets in them.',
  journal: 'The journal: one hash chain for each terminal and each merchant.',
}

const names = Object.keys(COMMANDS) as CommandName[]

export const isCommand = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name)

/** The commands whose first word is `word`. */
export const commandsOf = (word: string): CommandName[] => names.filter((name) => name.split(' ')[0] === word)

/** The first words of all commands, once each. */
export const firstWords = (): string[] => [...new Set(names.map((name) => name.split(' ')[0] ?? ''))]
