/** @module A virtual terminal that pads with F or aligns field 22 at the right, and one with another header: the bytes on the wire. */

import { expect, test } from 'vitest'
import { loadCore } from '../../src/cli/lib/core.ts'
import { newTerminalState } from '../../src/terminal/state.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { VirtualTerminal } from '../../src/terminal/virtual-terminal.ts'
import { MERCHANT, responseTo, TERMINAL, TMK } from './fake-acquirer.ts'

const core = await loadCore()

test.each([
  ['0', 'left', '0720000125'],
  ['0', 'right', '0072000125'],
  ['F', 'left', '072FF00125'],
  ['F', 'right', 'F072F00125'],
] as const)(
  'pad %s, field 22 %s: sells with these bytes, and knows what it sent',
  async (padding, entryMode, wire) => {
    const requests: string[] = []
    const terminal = new VirtualTerminal({
      core,
      send: async (frame) => {
        requests.push(Buffer.from(frame).toString('hex').toUpperCase())
        return responseTo(frame)
      },
      now: () => 0,
      tmk: TMK,
      state: newTerminalState(MERCHANT, TERMINAL, 'cup-ecb'),
      forms: { padding, entryMode },
    })
    await terminal.signOn()
    const sold = await terminal.sale(1234, testCard(1))
    expect(requests.at(-1)).toContain(wire.slice(0, 8))
    expect(sold.ok && sold.value.sent.fields.get(22)).toBe('072')
    expect(sold.ok && sold.value.outcome).toBe('approved')
  },
)
