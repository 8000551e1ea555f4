/**
 * @module All random draws of a simulated world: one seeded generator (sfc32), and forks of it that do not
 * disturb each other.
 */

export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number, stream = 0) {
    this.#a = seed | 0
    this.#b = stream | 0
    this.#c = 0x9e3779b9 ^ stream
    for (let i = 0; i < 16; i++) this.next()
  }

  /** An integer 0 … 2^32 − 1. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** A generator of its own, drawn from this one. */
  fork(): Random {
    return new Random(this.next(), this.next())
  }

  /** An integer 0 … limit − 1. */
  below(limit: number): number {
    return Math.floor((this.next() / 2 ** 32) * limit)
  }

  /** An integer from … to, both included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1)
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability * 2 ** 32
  }

  pick<T>(list: readonly T[]): T {
    const found = list[this.below(list.length)]
    if (found === undefined) throw new RangeError('pick: the list is empty')
    return found
  }

  /** One of the names, with the probability of its weight. */
  weighted<N extends string>(weights: Readonly<Record<N, number>>): N {
    const entries = Object.entries(weights) as [N, number][]
    let left = this.below(entries.reduce((sum, [, weight]) => sum + weight, 0))
    for (const [name, weight] of entries) {
      if (left < weight) return name
      left -= weight
    }
    throw new RangeError('weighted: no weights')
  }

  /** Milliseconds around a mean, usually less, rarely many times more. */
  delay(mean: number): number {
    return Math.round(-Math.log((this.next() + 1) / (2 ** 32 + 1)) * mean)
  }

  fill<T extends ArrayBufferView>(view: T): T {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.next() >>> 24
    return view
  }
}
