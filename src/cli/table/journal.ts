/** @module The commands on the journal. */

import { declare } from '../lib/declare.ts'
import { PATH, REFERENCE, TERMINAL_ID } from '../lib/values.ts'
import { DATABASE, ONE_DATABASE } from './shared.ts'

const MASTER_KEY_NOTE =
  'It reads MASTER_KEY from the environment. For the local database, .dev.vars has the one that the environment lacks.'

const ARCHIVE = {
  archive: { type: PATH, about: 'the folder of the archive: its segments are read too' },
} as const

export const VERIFY_JOURNAL = declare({
  about: 'check every hash chain and every table, and name the first bad entry or row',
  options: {
    tid: { type: TERMINAL_ID, about: 'the chain of one terminal only' },
    ...ARCHIVE,
    ...ONE_DATABASE,
  },
  notes: [
    'Each terminal has a hash chain. Each merchant has one for its settings and keys, and the administrators’ keys have one.',
    'The service signs the head of each with a MAC.',
    'A chain with months in the archive is checked from there on. With --archive every segment is checked too.',
    'When all chains are sound, every table is compared with what the entries give, and the schema with the migrations.',
    'The service may write meanwhile. Rows of a chain that grows are not compared, and the command says how many chains grew.',
    MASTER_KEY_NOTE,
  ],
  json: {
    each: 'chain and table',
    members: {
      'terminalId?':
        'of a chain: the terminal number; for a merchant’s chain `merchant:` and the merchant number; or `region`',
      'entries?': 'of a chain: the number of its entries in the database',
      'archived?': 'of a chain: the number of its entries in the archive',
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
  options: { ...ARCHIVE, ...ONE_DATABASE },
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

const FOLDER = {
  archive: { type: PATH, required: true, about: 'the folder of the archive' },
} as const

export const ARCHIVE_JOURNAL = declare({
  about: 'move old months of terminals’ journals from the database into a folder',
  options: {
    ...FOLDER,
    apply: { about: 'do it; without it the command only says what would leave' },
    ...DATABASE,
  },
  notes: [
    'A month (UTC) leaves when it has been over for more than 190 days. Its batches must be closed, and its messages decided, without an open case.',
    'Every chain is verified first. Each segment is written, read back and checked, and then its rows leave in one transaction.',
    'The service may run meanwhile. After an interruption, run the same command again.',
    'Keep the folder: the database has only the names of what is in it. Merchants’ settings and bearer keys stay in the database.',
    MASTER_KEY_NOTE,
  ],
  json: {
    each: 'segment',
    members: {
      terminalId: 'the terminal number',
      month: 'the month in UTC, `YYYY-MM`',
      first: 'the number of its first entry',
      last: 'the number of its last entry',
      entries: 'the number of its entries',
      archived: 'whether its rows have left the database',
    },
  },
  fails:
    'a chain, a table or a file is not as it should be, a segment changed meanwhile, or the database cannot be used',
  examples: [
    'journal archive --archive backup/annul',
    'journal archive --archive backup/annul --apply --remote',
  ],
})

export const FIND_ENTRIES = declare({
  about: 'find the entries of a sale or void in the archive',
  argument: { type: REFERENCE, about: 'a sale id, a void id, an RRN, or terminal, batch and trace number' },
  options: { ...FOLDER, ...DATABASE },
  notes: [
    'It prints every entry of the message, of its void and of its reversal. It checks the seal of each segment that it reads.',
    MASTER_KEY_NOTE,
  ],
  json: {
    each: 'entry',
    members: {
      terminalId: 'the terminal number',
      seq: 'the number of the entry in its stream',
      kind: 'the kind of the entry',
      at: 'the time of the entry in UTC',
      messageKey: 'the key of the message',
      rrn: 'the RRN of the entry, or null',
      request: 'the request, masked',
      answer: 'the answer, or null',
      effects: 'what the entry changed',
    },
  },
  fails: 'the archive has no such message, a segment was changed, or the database cannot be used',
  examples: [
    'journal find 605261256659 --archive backup/annul',
    'journal find 12345678000001000001 --archive backup/annul --json',
  ],
})
