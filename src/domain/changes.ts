/** @module The settings that an entry changes, each with its old and its new value. */

/** Each member of `after` that differs from `before`, as JSON: `["old","new"]`. Without a value before, the old one is null. */
export function changesOf(before: object | null, after: object): Record<string, string> {
  const old = new Map(Object.entries(before ?? {}))
  return Object.fromEntries(
    Object.entries(after).flatMap(([name, value]) => {
      const was: unknown = old.get(name) ?? null
      return JSON.stringify(was) === JSON.stringify(value) ? [] : [[name, JSON.stringify([was, value])]]
    }),
  )
}
