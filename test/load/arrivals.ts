/** @module The times of arrivals. They follow from the rate alone, and never from the answers. */

/** The due times of `rate` arrivals a second, evenly spaced, in milliseconds from the start. */
export function* arrivals(rate: number, seconds: number): Generator<number> {
  const total = Math.floor(rate * seconds)
  for (let nth = 0; nth < total; nth++) yield (nth * 1000) / rate
}
