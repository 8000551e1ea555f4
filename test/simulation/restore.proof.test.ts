/**
 * @module An older database under an acquirer that is ahead: the acquirer's records show every
 * missing message, and nothing is sent again.
 */

import { describe, expect, it } from 'vitest'
import { sizeOf } from '../proofs.ts'
import { coreModule } from '../support/load-core.ts'
import { runRestores } from './threads.ts'

const COUNT = sizeOf('simulation/restore')

describe('a restored older database', () => {
  it('agrees with the acquirer again, except for open cases', { timeout: 300_000 }, async () => {
    const found = new Map<string, number>()
    const violations: string[] = []
    for (const { seed, restored } of await runRestores(coreModule, { from: 10, count: COUNT })) {
      if (restored.violation !== null)
        violations.push(`npm run test:simulation -- --restores 1 --seed ${seed}: ${restored.violation}`)
      for (const [name, count] of Object.entries(restored.results))
        found.set(name, (found.get(name) ?? 0) + count)
    }
    expect(violations).toEqual([])
    // The records gave every kind of result.
    expect([...found.keys()].sort()).toEqual([
      'acquirer_approved',
      'acquirer_declined',
      'acquirer_undone',
      'only_acquirer',
      'state',
    ])
    expect(found.get('only_acquirer')).toBeGreaterThan((250 / 30) * COUNT)
  })
})
