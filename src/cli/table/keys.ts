/** @module Commands about the master key and the data keys. */

import { declare } from '../lib/declare.ts'
import { MASTER_KEY_ID } from '../lib/values.ts'
import { DATABASE } from './shared.ts'

export const REWRAP_KEYS = declare({
  about: 'wrap the data keys under a new master key',
  options: {
    to: {
      type: MASTER_KEY_ID,
      required: true,
      about: 'the id of the new master key, as the service logs it (`master_key_rotation`)',
    },
    ...DATABASE,
  },
  notes: [
    'The id proves that the service has the same new master key. A mistyped key would lock the service out.',
    'It reads the new master key from MASTER_KEY and the old one from MASTER_KEY_PREVIOUS, 64 hex digits each. For the local database, .dev.vars has those that the environment lacks.',
    'The service has both keys and keeps running. A run continues where another one ended.',
  ],
  json: {
    each: 'run',
    members: {
      masterId: 'the id of the new master key',
      rewrapped: 'the number of data keys that this run wrapped again',
      unchanged: 'the number of data keys that were already under it',
    },
  },
  fails:
    '`--to` names another key than MASTER_KEY, a data key opens under neither master key, or the database cannot be used',
  examples: [
    'keys rewrap --to 0f1e2d3c4b5a6978',
    'keys rewrap --to 0f1e2d3c4b5a6978 --remote --env shanghai --json',
  ],
})

export const KEYS_STATUS = declare({
  about: 'list the data keys and the master key of each',
  options: DATABASE,
  notes: ['The id of a master key is a check value. It reveals nothing about the key.'],
  json: {
    each: 'data key',
    members: {
      purpose: 'what the key is for',
      id: 'its number within the purpose',
      masterId: 'the id of the master key that wraps it',
      createdAt: 'when it was made',
    },
  },
  fails: 'the database has no data keys, or cannot be used',
  examples: ['keys status', 'keys status --remote --env shanghai'],
})
