/** @module The commands on the journal. */

import { declare } from '../lib/declare.ts'
import { TERMINAL_ID } from '../lib/values.ts'
import { ONE_DATABASE } from './shared.ts'

const MASTER_KEY_NOTE =
  'It reads MASTER_KEY from the environment. For the local database, .dev.vars has the one that the environment lacks.'

export const VERIFY_JOURNAL = declare({
  about: 'check every hash chain and every table, and name the first bad entry or row',
  options: {
    tid: { type: TERMINAL_ID, about: 'the chain of one terminal only' },
    ...ONE_DATABASE,
  },
  notes: [
    'Each terminal has a hash chain. Each merchant has one for its settings and keys, and the administrators’ keys have one.',
    'The service signs the head of each with a MAC.',
    'When all chains are sound, every table is compared with what the entries give.',
    'The service may write meanwhile. Rows of a chain that grows are not compared, and the command says how many chains grew.',
    MASTER_KEY_NOTE,
  ],
  json: {
    each: 'chain and table',
    members: {
      'terminalId?':
        'of a chain: the terminal number; for a merchant’s chain `merchant:` and the merchant number; or `region`',
      'entries?': 'of a chain: the number of entries',
      'table?': 'the name of a table',
      'rows?': 'of a table: the number of rows',
      fault: 'the first bad entry (`seq`, `why`) or the first bad row (`key`, `why`), or null',
      sound: 'whether the chain or the table is sound',
    },
  },
  fails: 'a chain or a table is bad, there is no such terminal, or the database cannot be used',
  examples: ['journal verify', 'journal verify --remote --env shanghai --json'],
})

export const REBUILD_JOURNAL = declare({
  about: 'write the tables that differ from the journal anew',
  options: ONE_DATABASE,
  notes: [
    'It verifies every chain first, and writes nothing when one is bad. Stop the service before.',
    'The keys of terminals do not follow from the journal: a lost one comes from a backup or a new provisioning.',
    MASTER_KEY_NOTE,
  ],
  json: {
    each: 'table that was written',
    members: {
      table: 'the name of the table',
      rows: 'the number of rows that it had',
      fault: 'the first row that differed (`key`, `why`)',
    },
  },
  fails: 'a chain is bad, a key of a terminal is missing, or the database cannot be used',
  examples: ['journal rebuild'],
})
