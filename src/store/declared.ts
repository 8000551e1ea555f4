/** @module The totals that a terminal declared last in its open batch (domain/decide-settlement.ts). They are beside the journal. */

import { sql } from 'drizzle-orm'
import type { DeclaredTotals } from '../domain/decision.ts'
import { batch } from './batch-schema.ts'
import { type Db, persist } from './db.ts'

/** Keeps them, unless the batch is closed, or they have no MAC and those before have one. Throws the errors of D1. */
export async function keepDeclared(
  db: Db,
  terminalId: string,
  batchNumber: string,
  { totals, isSigned }: DeclaredTotals,
): Promise<void> {
  const keep = db
    .update(batch)
    .set({ lastDeclared: totals, isDeclaredSigned: Number(isSigned) })
    .where(
      sql`terminal_id = ${terminalId} and batch_number = ${batchNumber} and state = 'open'
        and is_declared_signed <= ${Number(isSigned)}`,
    )
  await persist(() => db.batch([keep]))
}
