/** @module The commands on the databases of a region. */

import { declare } from '../lib/declare.ts'
import { DATABASE } from './shared.ts'

const EACH_DATABASE =
  'It reads every database of the environment in wrangler.toml, and writes nothing. The service may run.'

export const PLAN_SHARDS = declare({
  about: 'show the size of each database, and the buckets whose move would even them out',
  options: DATABASE,
  notes: [
    EACH_DATABASE,
    'It counts entries of the journal by the heads, so it reads one row for each terminal and each merchant.',
    'Databases that differ by less than 10 % of their mean are even.',
  ],
  json: {
    each: 'database, then for each move',
    members: {
      'database?': 'of a database: `DB_0`, `DB_1` and so on',
      'bytes?': 'of a database: its size, or null when it is not known',
      'buckets?': 'of a database: the number of buckets with entries',
      'bucket?': 'of a move: the bucket, 0 to 1023',
      'from?': 'of a move: the database that has it',
      'to?': 'of a move: the database that should have it',
      entries: 'the number of entries in the database, or of the bucket that moves',
    },
  },
  fails: 'a database cannot be used',
  examples: ['shards plan', 'shards plan --remote --env shanghai --json'],
})

export const VERIFY_SHARDS = declare({
  about: 'check that each bucket has its rows in one database, the one of the table of buckets',
  options: DATABASE,
  notes: [
    EACH_DATABASE,
    'Each row of the table of buckets must have the MAC of the service, and its database the guard of the same version.',
    'It looks whose rows each table has. `journal verify --database NAME` checks the rows themselves.',
    'It reads MASTER_KEY from the environment. For the local database, .dev.vars has the one that the environment lacks.',
  ],
  json: {
    each: 'database',
    members: {
      database: '`DB_0`, `DB_1` and so on',
      buckets: 'the number of buckets with rows in it',
      faults: 'the faults: the bucket or the terminal (`key`), and `why`',
      sound: 'whether it has no fault',
    },
  },
  fails:
    'a bucket has rows in a wrong database, the table of buckets is not sound, or a database cannot be used',
  examples: ['shards verify', 'shards verify --remote --env shanghai --json'],
})
