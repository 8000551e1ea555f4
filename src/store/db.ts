/** @module The database handle, and the errors after which the same batch may be sent again. */

import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'

export type Db = DrizzleD1Database & { readonly $client: D1Database }

/** The Drizzle handle of a D1 binding. */
export const openDb = (d1: D1Database): Db => drizzle(d1)

/**
 * Errors with an unknown outcome: D1 may have applied the write (platform.md, D1). The same batch may be sent again,
 * because every statement does nothing the second time. Each text is a part of messages in the error list of
 * Cloudflare (D1, Debug D1), which the test lists in full. An overloaded D1 is not among them: it refused the batch, and
 * a repeat makes its queue longer.
 */
export const TRANSIENT = [
  'Network connection lost',
  'caused object to be reset',
  'Cannot resolve D1 DB due to transient issue',
  'reset because its code was updated',
  'exceeded its CPU time limit',
  'exceeded its memory limit',
  'and was reset',
  'request stream because client disconnected',
] as const

/**
 * The message of D1 itself. Drizzle wraps it in an error whose message contains the parameters, and these must not get
 * into a log.
 */
export function errorText(error: unknown): string {
  let root = error
  for (let depth = 0; depth < 5 && root instanceof Error && root.cause !== undefined; depth++)
    root = root.cause
  return root instanceof Error ? root.message : 'not an error'
}

const isTransient = (error: unknown): boolean => TRANSIENT.some((text) => errorText(error).includes(text))

/** Whether a row breaks a unique index or a CHECK. D1 then rolled the batch back, and nothing was written. */
export const isConstraint = (error: unknown): boolean => errorText(error).includes('constraint failed')

/**
 * Sends `batch` up to three times while D1 reports errors with an unknown outcome. Throws the last error, and every
 * other error at once.
 */
export async function persist<T>(batch: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await batch()
    } catch (error) {
      if (attempt === 3 || !isTransient(error)) throw error
    }
  }
}
