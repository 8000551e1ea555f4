/** @module Counts the alerts in the log of a service, by their `why`. */

export function countAlerts() {
  const counts = new Map<string, number>()
  return {
    /** A line of the log. */
    note(line: string): void {
      const why = /"event":"alert".*?"why":"([^"]+)"/.exec(line)?.[1]
      if (why !== undefined) counts.set(why, (counts.get(why) ?? 0) + 1)
    },
    counted: (): Readonly<Record<string, number>> => Object.fromEntries(counts),
  }
}
