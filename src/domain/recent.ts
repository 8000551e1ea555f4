/** @module A table of fixed capacity that evicts its oldest entry. An attacker cannot make it grow. */

export interface Recent<V> {
  get(key: string): V | undefined
  /** Writes the entry as the newest. Evicts the oldest beyond the capacity. */
  set(key: string, value: V): void
  delete(key: string): void
}

/** `capacity`: the most entries. */
export function createRecent<V>(capacity: number): Recent<V> {
  const entries = new Map<string, V>()
  return {
    get: (key) => entries.get(key),
    delete: (key) => void entries.delete(key),
    set(key, value) {
      // A Map keeps the order of insertion, so delete the key before writing it again.
      entries.delete(key)
      entries.set(key, value)
      if (entries.size <= capacity) return
      const oldest = entries.keys().next().value
      if (oldest !== undefined) entries.delete(oldest)
    },
  }
}
