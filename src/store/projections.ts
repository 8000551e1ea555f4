/**
 * @module Applies the effects of entries to the projections. Each row joins an entry that the terminal's row does not
 * count yet, and holds absolute values; the count of refusals alone is added to. The terminal's row comes last. So a set that is sent twice is applied once.
 * Several entries of one terminal are applied in their order (schedule.ts).
 */

import { sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import { DATES } from './acquirer-dates.ts'
import { DIFFERENCES } from './batch-differences.ts'
import { batch } from './batch-schema.ts'
import type { Db } from './db.ts'
import { FORWARDED } from './forwarded.ts'
import { batchColumns, windowMsOf } from './rows.ts'
import { schedule, type Write } from './schedule.ts'
import { keySet, masterKey, refusalCount, reversal, sale, terminal, voidTable } from './schema.ts'
import { overItems } from './statements.ts'
import { type CommitItem, type CommitRow, excluded, IS_NEW, newItems, optional, type Step } from './step.ts'

const positionOf = ({ row }: CommitItem): CommitRow => ({
  entryTerminalId: row.terminalId,
  entrySeq: row.seq,
  entryHash: row.hash,
})

const saleRows = ({ effects }: CommitItem) =>
  optional(effects.sale).map((s) => ({
    ...s,
    isDeclined: Number(s.status === 'declined'),
    cardFirst6: s.card?.first6,
    cardLast4: s.card?.last4,
    cardFingerprint: s.card?.fingerprint,
    windowMs: windowMsOf(s),
    isRrnMade: Number(s.isRrnMade === true),
  }))

function batchRows({ effects, row }: CommitItem) {
  return [...optional(effects.batch), ...optional(effects.nextBatch)].map((b) => ({
    ...batchColumns(b),
    terminalId: row.terminalId,
  }))
}

const reversalRows = ({ effects, row }: CommitItem) =>
  (effects.reversals ?? []).map((r) => ({
    ...r,
    stillCounted: Number(r.stillCounted === true),
    terminalId: row.terminalId,
    seq: row.seq,
  }))

/** The terminal's row after the entry. */
function terminalRow({ row, headMac, effects, terminal: before }: CommitItem) {
  const open = effects.nextBatch ?? before.batch
  return {
    ...before,
    ...effects.terminal,
    batchNumber: open.batchNumber,
    keyVersion: effects.keyVersion === undefined ? before.keyVersion : effects.keyVersion,
    tmkVersion: effects.tmkVersion ?? before.tmkVersion,
    headSeq: row.seq,
    headHash: row.hash,
    headMac: headMac.mac,
    headMacKey: headMac.keyId,
  }
}

/** The terminal's row is last. */
const STEPS: readonly Step[] = [
  {
    rows: saleRows,
    table: 'sale',
    target: ({ id }) => String(id),
    // A message that settles writes its numbers into its sale or void.
    messages: ({ effects }) => optional(effects.sale?.messageKey),
    statement: overItems((db, items) => db.insert(sale).select(newItems(sale, items))),
  },
  {
    rows: ({ effects }) => optional(effects.voidMoved),
    table: 'void',
    target: ({ id }) => String(id),
    isUpdate: true,
    statement: overItems((db, items) =>
      db
        .update(voidTable)
        .set({
          stateRaw: sql`nullif(item.value ->> 'state', 'approved')`,
          reversedAt: sql`coalesce(item.value ->> 'reversedAt', reversed_at)`,
          reversedLate: sql`coalesce(item.value ->> 'reversedLate', reversed_late)`,
        })
        .from(items)
        .where(sql`void.id_raw = unhex(item.value ->> 'id') and ${IS_NEW}`),
    ),
  },
  {
    rows: ({ effects }) => optional(effects.voidRecord),
    table: 'void',
    target: ({ id }) => String(id),
    // The one live void of a sale.
    unique: ({ saleId }) => [`of ${saleId}`],
    messages: ({ effects }) => optional(effects.voidRecord?.messageKey),
    statement: overItems((db, items) =>
      db
        .insert(voidTable)
        .select(newItems(voidTable, items))
        .onConflictDoUpdate({
          target: voidTable.idRaw,
          set: { stateRaw: excluded('state_raw'), authorizationCodeRaw: excluded('authorization_code_raw') },
        }),
    ),
  },
  ...FORWARDED,
  DATES,
  {
    rows: reversalRows,
    table: 'reversal',
    target: ({ targetKey }) => String(targetKey),
    statement: overItems((db, items) =>
      // The first reversal stays. A later one only says whether the terminal's own totals still have the message.
      db
        .insert(reversal)
        .select(newItems(reversal, items))
        .onConflictDoUpdate({
          target: reversal.targetKey,
          set: { stillCounted: excluded('still_counted') },
        }),
    ),
  },
  {
    rows: batchRows,
    table: 'batch',
    target: ({ batchNumber }) => String(batchNumber),
    statement: overItems((db, items) =>
      db
        .insert(batch)
        .select(newItems(batch, items))
        .onConflictDoUpdate({
          target: [batch.terminalId, batch.batchNumber],
          set: {
            state: excluded('state'),
            debitAmount: excluded('debit_amount'),
            debitCount: excluded('debit_count'),
            creditAmount: excluded('credit_amount'),
            creditCount: excluded('credit_count'),
            officeDebitAmount: excluded('office_debit_amount'),
            officeDebitCount: excluded('office_debit_count'),
            officeCreditAmount: excluded('office_credit_amount'),
            officeCreditCount: excluded('office_credit_count'),
          },
        }),
    ),
  },
  DIFFERENCES,
  {
    rows: ({ masterKey: key, row }) => optional(key).map((one) => ({ ...one, terminalId: row.terminalId })),
    table: 'master_key',
    target: ({ terminalId }) => String(terminalId),
    statement: overItems((db, items) =>
      db
        .insert(masterKey)
        .select(newItems(masterKey, items))
        .onConflictDoUpdate({
          target: masterKey.terminalId,
          set: { version: excluded('version'), wrapped: excluded('wrapped') },
        }),
    ),
  },
  // The key sets before the one in use are dead. A new master key ends all key sets.
  {
    rows: ({ effects, row, isReplayed }) =>
      optional(isReplayed ? undefined : effects.keyVersion).map((version) => ({
        terminalId: row.terminalId,
        version,
      })),
    table: 'key_set',
    target: ({ terminalId }) => String(terminalId),
    statement: overItems((db, items) =>
      db.delete(keySet).where(
        sql`(terminal_id, version) in (select key_set.terminal_id, key_set.version from ${items}
          join key_set on key_set.terminal_id = item.value ->> 'terminalId'
            and key_set.version < coalesce(item.value ->> 'version', 9007199254740991) where ${IS_NEW})`,
      ),
    ),
  },
  // The only row that is added to. Its entry is new once, so it is counted once.
  {
    rows: ({ refusal }) => optional(refusal).map(({ key, day }) => ({ key, day, written: 1, refused: 0 })),
    table: 'refusal_count',
    target: ({ key, day }) => `${key} ${day}`,
    statement: overItems((db, items) =>
      db
        .insert(refusalCount)
        .select(newItems(refusalCount, items))
        .onConflictDoUpdate({
          target: [refusalCount.key, refusalCount.day],
          set: { written: sql`written + 1` },
        }),
    ),
  },
  {
    rows: (item) => [terminalRow(item)],
    table: 'terminal',
    target: ({ terminalId }) => String(terminalId),
    statement: overItems((db, items) =>
      db
        .insert(terminal)
        .select(newItems(terminal, items))
        .onConflictDoUpdate({
          target: terminal.terminalId,
          set: {
            status: excluded('status'),
            macProfile: excluded('mac_profile'),
            textEncoding: excluded('text_encoding'),
            settlementMac: excluded('settlement_mac'),
            batchNumber: excluded('batch_number'),
            keyVersion: excluded('key_version'),
            tmkVersion: excluded('tmk_version'),
            headSeq: excluded('head_seq'),
            headHash: excluded('head_hash'),
            headMac: excluded('head_mac'),
            headMacKey: excluded('head_mac_key'),
            texts: excluded('texts'),
            padding: excluded('padding'),
            entryMode: excluded('entry_mode'),
            cardCheck: excluded('card_check'),
            headerLength: excluded('header_length'),
            headerTlv: excluded('header_tlv'),
            voidForms: excluded('void_forms'),
          },
        }),
    ),
  },
]

const LAST = STEPS.length - 1

/** All rows of an entry but the terminal's, each with the position of the entry. */
const writesOf = (item: CommitItem): Write<CommitRow>[] =>
  STEPS.slice(0, LAST).flatMap(({ table, rows, target, unique, messages }, i) =>
    rows(item).map((one) => {
      const row: CommitRow = { ...one, ...positionOf(item) }
      const stream = `${table} ${row.entryTerminalId}`
      const meets = (messages?.(item) ?? []).map((key) => `acquirer_message ${row.entryTerminalId} ${key}`)
      return { step: i, stream, target: target(row), unique: unique?.(row) ?? [], meets, row }
    }),
  )

/** The statements that apply the effects. Statements without rows are left out. The terminals' rows come last. */
export function projections(db: Db, set: readonly CommitItem[]): BatchItem<'sqlite'>[] {
  const isChain = new Set(set.map(({ row }) => row.terminalId)).size < set.length
  const writes = set.flatMap(writesOf)
  // Without a chain the order of the entries does not matter, so there is one statement for each step.
  const inOrder = isChain ? writes : writes.toSorted((a, b) => a.step - b.step)
  const terminals = set.map((item) => ({ ...terminalRow(item), ...positionOf(item) }))
  return [
    ...schedule(inOrder, (step) => STEPS[step]?.isUpdate === true),
    { step: LAST, rows: terminals },
  ].flatMap(({ step, rows }) => STEPS[step]?.statement(db, rows) ?? [])
}
