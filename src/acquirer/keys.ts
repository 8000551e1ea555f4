/** @module The MAC keys of an acquirer: one for good (`ACQUIRER_MAC_KEY`), or those of its sign-ons. */

export interface VersionedKey {
  /** 1 and up. A later sign-on has a higher version. */
  readonly version: number
  /** Clear key. The receiver wipes it. */
  readonly macKey: Uint8Array<ArrayBuffer>
}

export interface AcquirerKeys {
  /** Whether the keys come from sign-ons. Otherwise a demand for one has no effect. */
  readonly areRenewed: boolean
  /** The newest known key; null when there is none. */
  newest(): Promise<VersionedKey | null>
  /** The keys after this version, also those of other isolates. */
  after(version: number): Promise<readonly VersionedKey[]>
  /** Signs on, unless a key after this version is there or a sign-on was just made. True: such a key is known. Never throws. */
  renew(version: number): Promise<boolean>
}

/** The version before the first key. */
export const NO_KEY = 0

/** The newest key, after a sign-on if there is none yet. Null: there is none, and the sign-on brought none. */
export const newestKey = async (keys: AcquirerKeys): Promise<VersionedKey | null> =>
  (await keys.newest()) ?? ((await keys.renew(NO_KEY)) ? await keys.newest() : null)

/** One key for good. Its receivers get copies. */
export const fixedKey = (macKey: Uint8Array): AcquirerKeys => ({
  areRenewed: false,
  newest: async () => ({ version: 1, macKey: Uint8Array.from(macKey) }),
  after: async () => [],
  renew: async () => false,
})
