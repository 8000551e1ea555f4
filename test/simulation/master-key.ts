/** @module A terminal's master key in a request: two components with their check values. */

import { toHex } from '../../src/iso8583/hex.ts'
import type { ActorContext } from './context.ts'
import type { Random } from './platform/random.ts'
import type { TestTerminalOptions } from './terminal-options.ts'

/** The member `tmk` of a terminal's settings. */
export function componentsOf(
  { core }: Pick<ActorContext, 'core'>,
  macProfile: TestTerminalOptions['macProfile'],
  tmk: Uint8Array,
  random: Random,
): object {
  const cipher = macProfile.startsWith('cup-sm4') ? 'sm4' : '3des'
  const mask = random.fill(new Uint8Array(16))
  const components = [mask, tmk.map((byte, i) => byte ^ (mask[i] ?? 0))].map((component) => ({
    value: toHex(component),
    checkValue: toHex(core.keyCheckValue(cipher, component, 4)),
  }))
  return { components }
}

/** The path of a terminal in the JSON API. */
export const pathOf = ({
  options: { merchantId, terminalId },
}: {
  readonly options: Pick<TestTerminalOptions, 'merchantId' | 'terminalId'>
}): string => `/v1/merchants/${merchantId}/terminals/${terminalId}`
