/** @module The budget of the invocation that handles a request. */

import type { Context } from 'hono'
import type { Services } from '../pipeline/services.ts'
import { type Budget, createBudget } from '../store/budget.ts'

const BUDGET = 'budget'

/** The one budget of a request. */
export function budgetOf(c: Context, { queryLimit }: Services): Budget {
  const budget: Budget = c.get(BUDGET) ?? createBudget(queryLimit)
  c.set(BUDGET, budget)
  return budget
}
