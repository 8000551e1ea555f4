/** @module All tables of format 2, in the order of the page of the format. */

import { CLAIM_TABLE, MOVE_TABLE, REFERENCE_TABLE, REVERSAL_TABLE } from './acquirer.ts'
import { ANSWER_TABLE } from './answer.ts'
import { API_KEY_TABLE } from './api-key.ts'
import {
  BATCH_CHANGE_TABLE,
  CLOSING_TABLE,
  EFFECTS_TABLE,
  MERCHANT_TABLE,
  NEXT_BATCH_TABLE,
  OFFICE_TABLE,
  PROFILE_TABLE,
  TOTALS_TABLE,
} from './effects.ts'
import { ACTOR_TABLE, ENTRY_TABLE } from './entry.ts'
import { CARD_TABLE, SALE_TABLE, VOID_MOVED_TABLE, VOID_RECORD_TABLE } from './records.ts'
import {
  JSON_REQUEST_TABLE,
  MERCHANT_REQUEST_TABLE,
  POS_REQUEST_TABLE,
  PROVISION_REQUEST_TABLE,
} from './request.ts'
import type { EntryTable } from './schema.ts'

export const ENTRY_TABLES: readonly Pick<EntryTable<never>, 'name' | 'lines'>[] = [
  ENTRY_TABLE,
  POS_REQUEST_TABLE,
  JSON_REQUEST_TABLE,
  PROVISION_REQUEST_TABLE,
  MERCHANT_REQUEST_TABLE,
  ANSWER_TABLE,
  EFFECTS_TABLE,
  VOID_RECORD_TABLE,
  SALE_TABLE,
  CARD_TABLE,
  VOID_MOVED_TABLE,
  CLAIM_TABLE,
  REFERENCE_TABLE,
  MOVE_TABLE,
  REVERSAL_TABLE,
  BATCH_CHANGE_TABLE,
  NEXT_BATCH_TABLE,
  PROFILE_TABLE,
  MERCHANT_TABLE,
  API_KEY_TABLE,
  ACTOR_TABLE,
  OFFICE_TABLE,
  CLOSING_TABLE,
  TOTALS_TABLE,
]
