/** @module Writes claims and moves of forwarded messages into their table, which is also the outbox. */

import { getTableColumns, type SQL, sql } from 'drizzle-orm'
import { ACQUIRER_STATES, FIRST_TRY_MS, isUnsettled } from '../domain/acquirer-state.ts'
import { ACQUIRER_KEY } from '../domain/message-key.ts'
import { fromEachPart, hasNoRow } from './acquirer-record.ts'
import { IS_CASE } from './outbox.ts'
import { messageColumns } from './rows.ts'
import { acquirerMessage } from './schema.ts'
import { overItems } from './statements.ts'
import { type CommitItem, excluded, IS_NEW, newItems, optional, type Step } from './step.ts'

/** The stored columns, in the order of the table. */
const STORED = Object.entries(getTableColumns(acquirerMessage)).filter(
  ([, { generated }]) => generated === undefined,
)

/**
 * The first try of a pending message belongs to the request that claimed it. A message that only the acquirer has gets
 * no try.
 */
const claimRows = ({ effects }: CommitItem) =>
  optional(effects.claim).map((claim) => ({
    ...messageColumns(claim),
    attempts: 0,
    nextAt: isUnsettled(claim.state)
      ? claim.claimedAt + (claim.state === 'pending' ? FIRST_TRY_MS : 0)
      : null,
  }))

const isAgreed = sql.join(
  ACQUIRER_STATES.filter((state) => !isUnsettled(state)).map((state) => sql.raw(`'${state}'`)),
  sql`, `,
)

const CLOSES = sql`case_opened_at is not null and case_closed_at is null and item.value ->> 'state' in (${isAgreed})`

/**
 * The columns after a move; all others stay. A new state starts with zero attempts. Agreement closes a case. A closed case is
 * removed when a new move needs the acquirer again.
 */
const MOVED: Readonly<Record<string, SQL>> = {
  stateRaw: sql`nullif(item.value ->> 'state', 'approved')`,
  acquirerRrn: sql`coalesce(item.value ->> 'acquirerRrn', acquirer_rrn)`,
  movedAt: sql`iif(item.value ->> 'state' = state, moved_at, item.value ->> 'at')`,
  acquirerAmount: sql`coalesce(item.value ->> 'acquirerAmount', acquirer_amount)`,
  acquirerStatus: sql`coalesce(item.value ->> 'acquirerStatus', acquirer_status)`,
  decideBy: sql`coalesce(item.value ->> 'decideBy', decide_by)`,
  caseReason: sql`coalesce(item.value ->> 'caseReason', iif(case_closed_at is null, case_reason, null))`,
  caseOpenedAt: sql`coalesce(iif(case_closed_at is null, case_opened_at, null),
    iif(item.value ->> 'caseReason' is null, null, item.value ->> 'at'))`,
  caseClosedAt: sql`iif(item.value ->> 'caseReason' is null and ${CLOSES}, item.value ->> 'at', null)`,
  attempts: sql`0`,
  nextAt: sql`item.value ->> 'nextAt'`,
}

/**
 * The messages of the items after their moves. A settled message gets its row again, because its move needs the acquirer or a
 * person. Sale and void keep their numbers.
 */
const movedMessages = (items: SQL): SQL =>
  fromEachPart(
    (part) => sql`select ${sql.join(
      STORED.map(([member, { name }]) => MOVED[member] ?? sql.raw(name)),
      sql`, `,
    )} from ${items} join ${sql.raw(part)} on message_key = item.value ->> 'messageKey'
      where ${IS_NEW} and ${hasNoRow(part)}`,
  )

/** An open case continues, unless the item opens one. */
const KEEPS_CASE = sql`${IS_CASE} and excluded.case_reason is null`

const kept = (column: string): SQL =>
  sql`iif(${KEEPS_CASE}, ${sql.raw(`acquirer_message.${column}`)}, ${excluded(column)})`

/**
 * The acquirer's list may come before the captured sale. The record becomes that sale then, and keeps its case. Any
 * other message under the same number breaks a constraint, as without this clause, and a claim draws another STAN.
 */
const ADOPTED = {
  ...Object.fromEntries(STORED.map(([member, { name }]) => [member, excluded(name)])),
  messageKey: sql`iif(substr(acquirer_message.message_key, 1, ${ACQUIRER_KEY.length}) = ${ACQUIRER_KEY}
    and excluded.kind = 'sale' and excluded.state <> 'pending',
    excluded.message_key, null)`,
  rrn: kept('rrn'),
  caseReason: kept('case_reason'),
  caseOpenedAt: kept('case_opened_at'),
}

/** The steps for claims and for moves, in this order. */
export const FORWARDED: readonly Step[] = [
  {
    rows: claimRows,
    table: 'acquirer_message',
    target: ({ messageKey }) => String(messageKey),
    // The trace number at the acquirer, which a record of the acquirer's list may have had before.
    unique: ({ batchNumber, acquirerStan, kind }) => [`${kind} ${batchNumber} ${acquirerStan}`],
    // A void follows from the settled numbers of its sale.
    messages: ({ saleKey }) => optional(saleKey),
    statement: overItems((db, items) =>
      db
        .insert(acquirerMessage)
        .select(newItems(acquirerMessage, items))
        .onConflictDoUpdate({
          target: [
            acquirerMessage.terminalId,
            acquirerMessage.batchNumber,
            acquirerMessage.acquirerStan,
            acquirerMessage.kind,
          ],
          targetWhere: sql`acquirer_stan <> '000000'`,
          set: ADOPTED,
        }),
    ),
  },
  {
    rows: ({ effects }) => effects.acquirerMoves ?? [],
    table: 'acquirer_message',
    target: ({ messageKey }) => String(messageKey),
    isUpdate: true,
    statement: overItems((db, items) =>
      db
        .insert(acquirerMessage)
        .select(movedMessages(items))
        .onConflictDoUpdate({
          target: acquirerMessage.messageKey,
          set: Object.fromEntries(
            STORED.filter(([member]) => member in MOVED).map(([member, { name }]) => [
              member,
              excluded(name),
            ]),
          ),
        }),
    ),
  },
]
