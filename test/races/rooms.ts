/** @module Many rooms, one after the other on seeds of their own: with the acquirer within the isolate and with a host behind it. */

import { Room, type RoomOptions, type RoomReport } from './room.ts'
import { settlementRace } from './settlement.ts'
import { voidRace } from './voids.ts'

export interface RoomJob extends Omit<RoomOptions, 'module'> {
  readonly sport: 'voids' | 'settlement'
  readonly rounds: number
}

const ACQUIRERS = ['sandbox', 'https'] as const

/** Copies of one void, and other voids, of each sale (reliability.md G6). */
const COPIES = 64
const RIVALS = 64

/** So many sales to void and so many settlements to race against, a few in each room. The seed says which acquirer it is. */
export function jobsFor(sales: number, settlements: number, seed: number): RoomJob[] {
  const rooms = (sport: RoomJob['sport'], total: number, most: number) =>
    Array.from({ length: Math.ceil(total / most) }, (_, i) => ({
      sport,
      seed: seed + i,
      acquirer: ACQUIRERS[(seed + i) % 2] ?? 'https',
      rounds: Math.min(most, total - i * most),
    }))
  return [...rooms('voids', sales, 5), ...rooms('settlement', settlements, 50)]
}

export const runRoom = (
  { sport, rounds, ...options }: RoomJob,
  module: WebAssembly.Module,
): Promise<RoomReport> =>
  new Room({ ...options, module }).run(rounds, sport === 'voids' ? voidRace(COPIES, RIVALS) : settlementRace)
