/** @module Tombstones over all journals. The model sees one journal. */

import { must } from './checks.ts'
import type { Storage } from './platform/d1.ts'

/** A message that a reversal named before it arrived is in no journal, whichever journal has the reversal. */
export function checkTombstones(storage: Storage): void {
  const both = storage.rows(
    `select target_key from reversal join journal on message_key = target_key where kind = 'tombstone'`,
  )
  must(both.length === 0, `reversed before they arrived, and written: ${JSON.stringify(both)}`)
}
