/**
 * @module The archiver is cut at each of its steps. Afterwards the same command brings the database and the folder to the state of a
 * run without a cut.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ArchiveFolder } from '../../src/cli/lib/archive-folder.ts'
import type { Execute } from '../../src/cli/lib/archived-chain.ts'
import { sizeOf } from '../proofs.ts'
import { ArchiveWorld, dayOf, MARCH_IS_OVER, TERMINALS } from './world.ts'

const [TID] = TERMINALS
const CUT = 'the power is gone'

let world: ArchiveWorld
beforeAll(async () => {
  world = await ArchiveWorld.open(true)
  for (const month of [1, 2]) await world.live(TID, dayOf(month, 20))
  await world.live(TID, dayOf(10, 20), false)
  world.service.storage.backUp()
})
afterAll(() => world.close())

const start = (): ArchiveFolder => world.restart()

/** Some of the numbers below `count`, spread over all of them. */
function spread(count: number): number[] {
  const most = Math.min(count, sizeOf('archive/cuts'))
  return Array.from({ length: most }, (_, i) => Math.floor((i * count) / most))
}

/** The database without the times and MACs that a later run has, and the names of the files. */
function stateOf(folder: ArchiveFolder): unknown {
  const { archive_segment: segments, ...tables } = world.dump()
  const kept = (segments as Record<string, unknown>[]).map(({ archived_at: _, mac: __, ...row }) => row)
  return [kept, tables, folder.streams().map((stream) => folder.files(stream))]
}

/** Steps: calls of the database, and files. */
interface Steps {
  taken: number
  readonly most: number
}

const step = (steps: Steps): void => {
  if (steps.taken++ === steps.most) throw new Error(CUT)
}

/** A database and a folder that are cut before or after one of their steps. */
function cutAt(folder: ArchiveFolder, most: number, when: 'before' | 'after') {
  const steps: Steps = { taken: 0, most }
  const execute: Execute = async (statements) => {
    if (when === 'before') step(steps)
    const results = await world.execute(statements)
    if (when === 'after') step(steps)
    return results
  }
  const { write } = folder
  const cutFolder: ArchiveFolder = Object.create(folder, {
    write: {
      value: (...args: Parameters<typeof write>) => {
        if (when === 'before') step(steps)
        const text = write.apply(folder, args)
        if (when === 'after') step(steps)
        return text
      },
    },
  })
  for (const name of ['streams', 'files', 'file', 'read', 'remove', 'isNamed'] as const)
    Object.defineProperty(cutFolder, name, {
      value: (folder[name] as (...args: never[]) => unknown).bind(folder),
    })
  return { execute, folder: cutFolder, steps }
}

describe('a cut', () => {
  it.each(['before', 'after'] as const)('%s each step changes nothing in the end', async (when) => {
    const whole = start()
    const uncut = cutAt(whole, Number.POSITIVE_INFINITY, when)
    await world.archive(MARCH_IS_OVER, uncut)
    const expected = stateOf(whole)
    expect(uncut.steps.taken).toBeGreaterThan(8)
    for (const most of spread(uncut.steps.taken)) {
      const folder = start()
      await expect(world.archive(MARCH_IS_OVER, cutAt(folder, most, when))).rejects.toThrow(CUT)
      // Nothing is lost: the folder has what has left.
      const left = world.rows('select 1 from archive_segment').length > 0
      if (left) expect([most, await world.verify(folder)]).toEqual([most, {}])
      expect([most, await world.verify()]).toEqual([most, {}])
      await world.archive(MARCH_IS_OVER, { folder })
      expect([most, stateOf(folder)]).toEqual([most, expected])
    }
  })

  it('with a file that no row names: the next run replaces it, also when it plans other segments', async () => {
    const folder = start()
    // Only January is over at first. The file is there, and its rows have not left.
    const januaryIsOver = Date.UTC(2025, 1, 1) + 191 * 24 * 60 * 60_000
    const execute: Execute = async (statements) => {
      if (statements.some((sql) => sql.startsWith('insert into archive_segment'))) throw new Error(CUT)
      return world.execute(statements)
    }
    await expect(world.archive(januaryIsOver, { folder, execute })).rejects.toThrow(CUT)
    expect(folder.files(TID)).toHaveLength(1)
    await world.archive(MARCH_IS_OVER, { folder })
    expect(folder.files(TID)).toHaveLength(2)
    expect(await world.verify(folder)).toEqual({})
  })

  it('between the statements of a transaction, which no D1 makes, is found by verify and finished by the next run', async () => {
    const whole = start()
    await world.archive(MARCH_IS_OVER, { folder: whole })
    const expected = stateOf(whole)
    const { statements } = await statementsOfRun()
    for (const count of spread(statements.length)) {
      const folder = start()
      const execute: Execute = async (batch) => {
        if (!batch[0]?.startsWith('insert into archive_segment')) return world.execute(batch)
        for (const sql of batch.slice(0, count)) await world.execute([sql])
        throw new Error(CUT)
      }
      await expect(world.archive(MARCH_IS_OVER, { folder, execute })).rejects.toThrow(CUT)
      await world.archive(MARCH_IS_OVER, { folder })
      expect([count, await world.verify(folder)]).toEqual([count, {}])
      expect([count, stateOf(folder)]).toEqual([count, expected])
    }
  })
})

/** The statements of the one transaction of a run. */
async function statementsOfRun(): Promise<{ statements: readonly string[] }> {
  const folder = start()
  let statements: readonly string[] = []
  const execute: Execute = (batch) => {
    if (batch[0]?.startsWith('insert into archive_segment')) statements = batch
    return world.execute(batch)
  }
  await world.archive(MARCH_IS_OVER, { folder, execute })
  return { statements }
}
