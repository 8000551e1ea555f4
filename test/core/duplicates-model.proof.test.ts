/** @module The duplicate table against a map, command by command, on several seeds. */
import { expect, test } from 'vitest'
import { sizeOf } from '../proofs.ts'
import { watchedCore } from '../support/load-core.ts'
import { seeded } from '../support/micro-random.ts'

const WINDOW = 120

/** Message i: four bytes of i and some more. */
function messageOf(i: number): Uint8Array {
  const bytes = new Uint8Array(20).fill(i >> 3)
  new DataView(bytes.buffer).setUint32(0, i)
  return bytes
}

test.each(Array.from({ length: sizeOf('core/duplicates-model') }, (_, i) => i + 1))(
  'matches a map, except for the evicted entries (seed %i)',
  (seed) => {
    const random = seeded(seed)
    const { core } = watchedCore((bytes) => bytes.set(random.bytes(bytes.length)), {
      duplicateWindowSeconds: WINDOW,
    })
    const table = core.duplicates
    /** Message number → handle and second; handle → message number. */
    const model = new Map<number, { handle: number; seconds: number }>()
    const owners = new Map<number, number>()
    let now = 1_790_000_000
    let hits = 0
    let evictions = 0

    const drop = (message: number) => {
      const entry = model.get(message)
      if (entry !== undefined && owners.get(entry.handle) === message) owners.delete(entry.handle)
      model.delete(message)
    }

    for (let command = 0; command < 400_000; command++) {
      now += random.below(2000) === 0 ? random.below(WINDOW) : 0
      // A few busy messages, which return within the window, among many that fill the table.
      const message = random.below(2) === 0 ? random.below(2000) : random.below(120_000)
      const known = model.get(message)
      const choice = random.below(10)
      if (choice < 5) {
        const handle = table.insert(messageOf(message), now)
        if (known !== undefined && handle !== known.handle) throw new Error(`${command}: a renewal moved`)
        const evicted = owners.get(handle)
        if (evicted !== undefined && evicted !== message) {
          evictions++
          drop(evicted)
        }
        model.set(message, { handle, seconds: now })
        owners.set(handle, message)
      } else if (choice < 9) {
        const live = known !== undefined && now - known.seconds <= WINDOW
        const expected = live ? known.handle : -1
        hits += live ? 1 : 0
        if (table.lookup(messageOf(message), now) !== expected) throw new Error(`${command}: not ${expected}`)
      } else {
        if (table.forget(messageOf(message)) !== (known?.handle ?? -1))
          throw new Error(`${command}: forgot another message`)
        drop(message)
      }
    }
    expect(hits).toBeGreaterThan(5000)
    expect(evictions).toBeGreaterThan(5000)
  },
  30_000,
)
