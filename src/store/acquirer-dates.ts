/** @module The days of forwarded messages that do not follow from the time of their outcome (schema.ts, `acquirer_date`). */

import { acquirerDate } from './acquirer-schema.ts'
import { overItems } from './statements.ts'
import { type CommitItem, excluded, newItems, type Step } from './step.ts'

const dateRows = ({ effects, row }: CommitItem) =>
  (effects.acquirerMoves ?? []).flatMap(({ messageKey, settlementDate }) =>
    settlementDate === undefined ? [] : [{ messageKey, terminalId: row.terminalId, settlementDate }],
  )

/** The step that writes them. The acquirer's last statement counts. */
export const DATES: Step = {
  rows: dateRows,
  table: 'acquirer_date',
  target: ({ messageKey }) => String(messageKey),
  statement: overItems((db, items) =>
    db
      .insert(acquirerDate)
      .select(newItems(acquirerDate, items))
      .onConflictDoUpdate({
        target: acquirerDate.messageKey,
        set: { settlementDate: excluded('settlement_date') },
      }),
  ),
}
