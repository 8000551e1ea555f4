/** @module Random days through the pipeline, in short: every answer and every table matches the model. */

import { describe, expect, it } from 'vitest'
import { ACQUIRER_TRANSITIONS } from '../../src/domain/acquirer-state.ts'
import { isWhole, sizeOf } from '../proofs.ts'
import { runWeeks } from './days.ts'

const LINES = Object.entries(ACQUIRER_TRANSITIONS)
  .flatMap(([state, events]) => Object.values(events).map((next) => `${state} → ${next}`))
  .filter((line, i, all) => all.indexOf(line) === i)

describe('random days', () => {
  it('match the model, and use every transition of the state machine and no other', {
    timeout: 300_000,
  }, async () => {
    // The command accepts other seeds. These are fixed, so that the same source gives the same result. The first week of the
    // sample covers every transition.
    const seed = isWhole() ? 20_261_123 : 14
    const size = sizeOf('model/model')
    const coversAll = (tally: ReadonlyMap<string, number>) => LINES.every((line) => tally.has(line))
    const { commands, tally, failure } = await runWeeks(
      seed,
      (done, tallySoFar) => done >= size && (coversAll(tallySoFar) || done >= 60_000),
    )
    const again = `npm run test:model -- --seed ${failure?.seed} --commands 1`
    expect(failure === null ? null : `${again}\n${failure.report}`).toBeNull()
    expect(commands).toBeGreaterThanOrEqual(size)
    const moves = [...tally.keys()].filter((name) => name.includes(' → '))
    expect(moves.sort(), `seed ${seed}`).toEqual(LINES.toSorted())
  })
})
