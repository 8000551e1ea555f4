/** @module Keeps the totals that a terminal declares, when they differ from its own, for the closing of its batch. */

import type { DeclaredTotals } from '../domain/decision.ts'
import type { Terminal } from '../domain/types.ts'
import { errorText } from '../store/db.ts'
import { keepDeclared } from '../store/declared.ts'
import type { PipelineOptions } from './types.ts'

/** Without them the closing says that they are not known. So an error is logged, and the terminal gets its answer. */
export async function rememberDeclared(
  { db, log }: Pick<PipelineOptions, 'db' | 'log'>,
  { terminalId, batch }: Terminal,
  declared: DeclaredTotals,
): Promise<void> {
  try {
    await keepDeclared(db, terminalId, batch.batchNumber, declared)
  } catch (error) {
    log('declared_failed', { terminalId, error: errorText(error) })
  }
}
