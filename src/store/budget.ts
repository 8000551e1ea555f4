/**
 * @module The budget of one invocation of the Worker. D1 takes a limited number of queries from an invocation, and each statement of a
 * batch is a query (platform.md, D1). An invocation at its limit fails, but another one can send the same batch.
 */

import { type Db, errorText } from './db.ts'

/** The queries that D1 takes from one invocation on the paid plan. */
const PAID_LIMIT = '1000'

/** The same on the free plan. No setting is lower, because one set must fit. */
const FREE_LIMIT = 50

/** Queries of an invocation that nobody counts: those that open the isolate, and those before the pipeline. */
const UNCOUNTED = 10

/** The most queries of one set: a load, a commit, and the count of refusals beyond the quota. */
export const SET_QUERIES = 29

export interface Budget {
  /** Queries that the invocation may still send by the setting. Below zero: it has sent more, and D1 has not refused one yet. */
  left(): number
  /** Counts queries that are about to be sent. Throws an error of `isLimit` after `end`. Then nothing may be sent. */
  spend(queries: number): void
  /** The platform has refused a query of this invocation. So it gets no further one. */
  end(): void
  isEnded(): boolean
}

/** Reads the setting `DATABASE_LIMIT_QUERIES`. Throws RangeError with its name, never its value. */
export function readQueryLimit(limit: string = PAID_LIMIT): number {
  if (!/^[1-9]\d{1,6}$/.test(limit) || Number(limit) < FREE_LIMIT)
    throw new RangeError('DATABASE_LIMIT_QUERIES: expected a number from 50 to 9999999')
  return Number(limit)
}

/** The budget of a new invocation. `limit`: the queries that D1 takes from it. */
export function createBudget(limit = Number(PAID_LIMIT)): Budget {
  let left = limit - UNCOUNTED
  let isEnded = false
  return {
    left: () => left,
    spend(queries) {
      if (isEnded) throw new Error('Too many subrequests: the invocation is at its limit')
      left -= queries
    },
    end() {
      isEnded = true
      left = 0
    },
    isEnded: () => isEnded,
  }
}

/** Whether the budget suffices for one more set. */
export const fitsSet = (budget: Budget): boolean => budget.left() >= SET_QUERIES

/** The words of the platform when an invocation is at its limit of queries or of subrequests, and those of `spend`. */
const LIMIT = /too many (api requests|subrequests)/i

/** Whether only the invocation is at its limit. The error says nothing about a message. */
export const isLimit = (error: unknown): boolean => LIMIT.test(errorText(error))

/** The database for one invocation. After the first refusal its batches throw an error of `isLimit`, with nothing sent. */
export function withinBudget(db: Db, budget: Budget): Db {
  const send = async <T>(queries: number, run: () => Promise<T>): Promise<T> => {
    budget.spend(queries)
    try {
      return await run()
    } catch (error) {
      if (isLimit(error)) budget.end()
      throw error
    }
  }
  const batch: Db['batch'] = (statements) => send(statements.length, () => db.batch(statements))
  return Object.create(db, { batch: { value: batch } })
}
