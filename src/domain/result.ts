/** @module An expected outcome is a value, a success or a refusal, and never an exception. */

export type Result<T, E> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E }

/** A success. */
export const ok = <T>(value: T): Result<T, never> => ({ ok: true, value })
/** A refusal. */
export const err = <E>(error: E): Result<never, E> => ({ ok: false, error })
