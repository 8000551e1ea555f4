/** @module The keys of a terminal by their versions, and how long the working keys of a sign-on live. */

/**
 * A key set that no message has used, in milliseconds. A terminal uses its keys within minutes of the sign-on. After a day nobody
 * waits for them, so a new sign-on gets new keys.
 */
export const PENDING_KEYS_MS = 24 * 3600 * 1000

/**
 * Working keys, in milliseconds since their sign-on. Terminals sign on daily, so a month is a terminal that was away. A MAC of 32 bits
 * under one key stays exposed for no longer.
 */
export const WORKING_KEYS_MS = 31 * 24 * 3600 * 1000

/** The keys of a terminal, as its journal names them. */
export interface KeyVersions {
  /** Version of the key set in use. Null before the first right MAC; as an effect it ends every key set. */
  readonly keyVersion: number | null
  /** Version of the terminal master key. The last `provision` entry with a new one names it. */
  readonly tmkVersion: number
}

interface KeySetAge {
  readonly version: number
  /** The time of the sign-on, milliseconds since the epoch. */
  readonly createdAt: number
}

/** The key sets that are not expired at `now`, in their order. `inUse` is the version of the set in use; null: none. */
export const liveKeySets = <T extends KeySetAge>(
  sets: readonly T[],
  inUse: number | null,
  now: number,
): T[] =>
  sets.filter(
    ({ version, createdAt }) => now - createdAt < (version === inUse ? WORKING_KEYS_MS : PENDING_KEYS_MS),
  )

/**
 * The members of a key set to which its wrapped keys are bound. A key does not open with another time or another terminal
 * master key. So nobody who can write the database prolongs its life.
 */
export const contextOfSet = <T extends KeySetAge & { readonly tmkVersion: number; readonly layout: string }>(
  set: T,
) => ({
  version: set.version,
  tmkVersion: set.tmkVersion,
  layout: set.layout,
  createdAt: set.createdAt,
})
