/** @module The sampling of approvals in the log: one in so many, and every other line. */

import { expect, it } from 'vitest'
import { readSampling, sampleApprovals } from '../../src/pipeline/sample-approvals.ts'

const APPROVED = { type: 'void', reason: null, responseCode: '00' }
const REFUSED = { type: 'void', reason: 'window_closed', responseCode: '12' }

/** The lines of 7 approvals and 3 other events among them. */
function linesWith(setting: string | undefined): unknown[] {
  const lines: unknown[] = []
  const log = sampleApprovals((event, detail) => void lines.push([event, detail]), readSampling(setting))
  for (let i = 0; i < 7; i++) {
    log('answered', APPROVED)
    if (i === 2) log('answered', REFUSED)
    if (i === 3) log('alert', { why: 'row_lost' })
    if (i === 5) log('no_answer', { kind: 'unknown', reason: null })
  }
  return lines
}

const OTHERS = [
  ['answered', REFUSED],
  ['alert', { why: 'row_lost' }],
  ['no_answer', { kind: 'unknown', reason: null }],
]

it.each([undefined, '1'])('has each approval with %s', (setting) => {
  const lines = linesWith(setting)
  expect(lines).toHaveLength(10)
  expect(lines[0]).toEqual(['answered', APPROVED])
})

it('has one approval in three, with their count, and all other lines', () => {
  const line = ['answered', { ...APPROVED, approvals: 3 }]
  expect(linesWith('3')).toEqual([line, OTHERS[0], OTHERS[1], line, OTHERS[2]])
})

it('has no approval with 0, and all other lines', () => {
  expect(linesWith('0')).toEqual(OTHERS)
})

it.each(['', '-1', '1.5', '1e3', 'none', '1000000'])(
  'refuses the setting "%s" without its value',
  (setting) => {
    expect(() => readSampling(setting)).toThrow('LOG_APPROVALS: expected a number from 0 to 999999')
  },
)
