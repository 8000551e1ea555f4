/** @module The load of a set. A message of a list may have its state from the trip before (list.ts). */

import { utcDay } from '../domain/refusal-quota.ts'
import { type Loaded, load } from '../store/load.ts'
import type { SubmittedWork } from './commit-set.ts'
import { addTrip } from './timing.ts'
import type { WarmOptions } from './warm.ts'

/** The state of each work, in order. There is no trip when every work has its state. Throws the errors of D1. */
export async function loadWorks(options: WarmOptions, works: readonly SubmittedWork[]): Promise<Loaded[]> {
  const now = options.now()
  const day = utcDay(now)
  const ahead = works.map(({ message }) => {
    const state = message.ahead
    message.ahead = null
    return state ?? (message.isCold ? null : options.warm.find(message.message.load, day))
  })
  const items = works
    .filter((_, i) => ahead[i] == null)
    .map(({ message }) => ({ ...message.message.load, day }))
  if (items.length === 0) return ahead.filter((state) => state !== null)
  const found = await load(options.db, items, now)
  addTrip(
    works.map(({ message }) => message),
    'load',
    options.now() - now,
  )
  return ahead.map((state) => state ?? found.shift()).filter((state) => state !== undefined)
}
