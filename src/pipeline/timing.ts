/**
 * @module The times of a message in the pipeline, for the header `Server-Timing` (W3C Server Timing). A deployed Worker's clock stands
 * still while it computes, so no time of the CPU is among them.
 */

/** Milliseconds, and the round trips to D1 of the sets that the message was in. */
export interface Timing {
  load: number
  acquirer: number
  commit: number
  trips: number
}

export const newTiming = (): Timing => ({ load: 0, acquirer: 0, commit: 0, trips: 0 })

/** The value of the header. `total`: milliseconds from the first byte of the request to its answer. */
export const serverTiming = ({ load, acquirer, commit, trips }: Timing, total: number): string =>
  [
    ...Object.entries({ load, acquirer, commit, total }).map(([name, ms]) => `${name};dur=${ms}`),
    `trips;desc="${trips}"`,
  ].join(', ')

/** Adds a trip to the times of the messages that waited for it. `ms`: its time. */
export function addTrip(
  messages: readonly { readonly timing: Timing }[],
  of: 'load' | 'commit',
  ms: number,
): void {
  for (const { timing } of messages) {
    timing[of] += ms
    timing.trips++
  }
}
