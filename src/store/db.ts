/** @module The database handle, and which of its errors may be answered by trying the same batch again. */

import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'

export type Db = DrizzleD1Database

export const openDb = (d1: D1Database): Db => drizzle(d1)

/**
 * Errors after which D1 may or may not have applied a write (platform.md, D1): the very same batch may be sent again,
 * since every statement of ours does nothing the second time.
 */
const TRANSIENT = [
  'Network connection lost',
  'storage caused object to be reset',
  'Cannot resolve D1 DB due to transient issue',
  'reset because its code was updated',
]

/** What D1 itself said. Drizzle wraps it in an error whose message holds the parameters, which no log may. */
export function errorText(error: unknown): string {
  let root = error
  for (let depth = 0; depth < 5 && root instanceof Error && root.cause !== undefined; depth++)
    root = root.cause
  return root instanceof Error ? root.message : 'not an error'
}

const isTransient = (error: unknown): boolean => TRANSIENT.some((text) => errorText(error).includes(text))

/** A row of ours breaks a unique index or a CHECK: the batch was rolled back, nothing was written. */
export const isConstraint = (error: unknown): boolean => errorText(error).includes('constraint failed')

/** Sends `batch` up to three times while D1 reports errors whose outcome is unknown. */
export async function persist<T>(batch: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await batch()
    } catch (error) {
      if (attempt === 3 || !isTransient(error)) throw error
    }
  }
}
