/** @module Columns of the tables `terminal` and `merchant`. */

import { integer, text } from 'drizzle-orm/sqlite-core'
import {
  CARD_CHECKS,
  ENTRY_MODE_SIDES,
  PAD_NIBBLES,
  TEXTS_FORMS,
  VOID_FORMS,
} from '../domain/terminal-profile.ts'

/** The head of a stream. */
export const headColumns = () => ({
  headSeq: integer('head_seq').notNull(),
  headHash: text('head_hash').notNull(),
  /** The service's MAC of the head (store/head-mac.ts), and the id of its data key. */
  headMac: text('head_mac').notNull(),
  headMacKey: integer('head_mac_key').notNull(),
})

/** The forms in which a terminal sends and reads messages. The default is the usual value. */
export const formColumns = () => ({
  texts: text('texts', { enum: TEXTS_FORMS }).notNull().default('short'),
  padding: text('padding', { enum: PAD_NIBBLES }).notNull().default('0'),
  entryMode: text('entry_mode', { enum: ENTRY_MODE_SIDES }).notNull().default('left'),
  cardCheck: text('card_check', { enum: CARD_CHECKS }).notNull().default('none'),
  headerLength: integer('header_length').notNull().default(6),
  /** 0 or 1. */
  headerTlv: integer('header_tlv').notNull().default(0),
  voidForms: text('void_forms', { enum: VOID_FORMS }).notNull().default('strict'),
})
