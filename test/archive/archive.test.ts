/** @module Months of terminals' journals leave the database, and everything that must stay is there. */

import { afterEach, describe, expect, it } from 'vitest'
import { ArchiveWorld, TERMINALS } from './world.ts'

const DAY = 24 * 60 * 60_000
const AT = (month: number, day: number) => Date.UTC(2025, month - 1, day, 2)
/** 2025-03-31 ended 190 days before. */
const MARCH_IS_OVER = Date.UTC(2025, 3, 1) + 190 * DAY + 1

let world: ArchiveWorld
afterEach(() => world.close())

/** Three months of both terminals; the newest batch is open. */
async function threeMonths(isForwarded: boolean): Promise<ArchiveWorld> {
  world = await ArchiveWorld.open(isForwarded)
  for (const month of [1, 2, 3]) for (const id of TERMINALS) await world.live(id, AT(month, 20))
  for (const id of TERMINALS) await world.live(id, AT(9, 20), false)
  return world
}

describe.each([['forwarded', true], ['inside', false]] as const)('with the acquirer %s', (_, isForwarded) => {
  it('three closed months leave, and the database and the files are sound', async () => {
    await threeMonths(isForwarded)
    expect(await world.verify()).toEqual({})
    const told = await world.archive(MARCH_IS_OVER)
    expect(told.map(({ terminalId, month, archived }) => [terminalId, month, archived])).toEqual(
      TERMINALS.flatMap((id) => ['2025-01', '2025-02', '2025-03'].map((month) => [id, month, true])),
    )
    expect(await world.verify()).toEqual({})
    expect(await world.verify(world.folder)).toEqual({})
  })
})
