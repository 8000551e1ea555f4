/** @module A seeded generator (mulberry32), so that a failing run can be repeated. */

export interface Random {
  /** An integer 0 … below - 1. */
  below(limit: number): number
  bytes(length: number): Uint8Array
}

export function seeded(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return { below, bytes: (length) => Uint8Array.from({ length }, () => below(256)) }
}
