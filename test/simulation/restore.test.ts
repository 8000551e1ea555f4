/** @module An older database under a host that is ahead, 30 times: the host's list finds all that is missing, and nothing is sent again. */

import { describe, expect, it } from 'vitest'
import { coreModule } from '../support/load-core.ts'
import { runRestores } from './threads.ts'

describe('an older database brought back', () => {
  it('agrees with the host again, but for what a person knows of', { timeout: 300_000 }, async () => {
    const found = new Map<string, number>()
    const violations: string[] = []
    for (const { seed, restored } of await runRestores(coreModule, { from: 1, count: 30 })) {
      if (restored.violation !== null)
        violations.push(`npm run test:simulation -- --restores 1 --seed ${seed}: ${restored.violation}`)
      for (const [name, count] of Object.entries(restored.findings))
        found.set(name, (found.get(name) ?? 0) + count)
    }
    expect(violations).toEqual([])
    // The list brought news of every kind.
    expect([...found.keys()].sort()).toEqual([
      'host_approved',
      'host_declined',
      'host_undone',
      'only_host',
      'state',
    ])
    expect(found.get('only_host')).toBeGreaterThan(250)
  })
})
