/** @module A table of fixed capacity that forgets what was written longest ago: memory that no stranger can make grow. */

export interface Recent<V> {
  get(key: string): V | undefined
  /** Writes, as the newest; evicts the oldest beyond the capacity. */
  set(key: string, value: V): void
  delete(key: string): void
}

/** `capacity`: most entries kept. */
export function createRecent<V>(capacity: number): Recent<V> {
  const entries = new Map<string, V>()
  return {
    get: (key) => entries.get(key),
    delete: (key) => void entries.delete(key),
    set(key, value) {
      // A Map is in the order of insertion, so what is written again must be inserted again.
      entries.delete(key)
      entries.set(key, value)
      if (entries.size <= capacity) return
      const oldest = entries.keys().next().value
      if (oldest !== undefined) entries.delete(oldest)
    },
  }
}
