/**
 * @module The view `incoming`: an entry that is inserted into it enters the journal if all its conditions hold (migrations/,
 * trigger `arrive`). Otherwise that row has no effect, and the next row sees the result.
 */

import { blob, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Drizzle inserts only into tables, so the view is declared as one. `drizzle-kit` reads schema.ts alone. */
export const incoming = sqliteTable('incoming', {
  terminalId: text('terminal_id').notNull(),
  seq: integer('seq').notNull(),
  previousHashRaw: blob('previous_hash_raw').notNull(),
  hashRaw: blob('hash_raw').notNull(),
  messageKey: text('message_key').notNull(),
  rrnRaw: integer('rrn_raw'),
  body: text('body').notNull(),
  /** The key of a target that was never seen. It must not be in a journal. Then it is tombstoned. */
  tombstonedKey: text('tombstoned_key'),
  /** The key that a captured sale under the trace number of this claim has. No journal may have it. */
  claimSaleKey: text('claim_sale_key'),
  /** The key of the entry that this one follows. It must not be in the archive. */
  baseKey: text('base_key'),
  /** 1: the entry makes a void of the sale with `voidedSaleKey`. −1: it ends a void, whose key is in the JSON list `endedKeys`. */
  voidSign: integer('void_sign'),
  voidedSaleKey: text('voided_sale_key'),
  endedKeys: text('ended_keys'),
  /** JSON: the guards with the versions that they must have. */
  needs: text('needs').notNull(),
  /** JSON: the guards to raise. */
  moves: text('moves').notNull(),
})
