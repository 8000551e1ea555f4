/** @module The settings of the terminals of the days: the named three by turns, all the others by a seed. */

import { seeded } from '../support/micro-random.ts'
import { digitsOf, hexOfBytes } from '../support/own-terminal/bytes.ts'
import { layoutsOf, OWN_MAC_PROFILES, type OwnMacProfile } from '../support/own-terminal/keys.ts'
import type { OwnSettings } from '../support/own-terminal/settings.ts'

const PROFILES = Object.keys(OWN_MAC_PROFILES) as OwnMacProfile[]

/** Each MAC profile with each pad over each transport. */
export const CELLS = PROFILES.flatMap((macProfile) =>
  (['0', 'F'] as const).flatMap((padding) =>
    (['packet', 'serial'] as const).map((transport) => ({ macProfile, padding, transport })),
  ),
)

export type Cell = (typeof CELLS)[number]

const REVERSALS = [
  ['0400', '0400'],
  ['0400', '0401'],
  ['0420', '0421'],
] as const

/** BER-TLV, and the number of a caller. */
const BLOCKS = ['9F1E083132333435363738', '4C5249000431323334']
const HEADER = '603100311312'

/** `seed` is a number of its own for each terminal. */
export function settingsOf({ macProfile, padding, transport }: Cell, seed: number): OwnSettings {
  const random = seeded(seed)
  const one = <T>(of: readonly T[]): T => of[random.below(of.length)] as T
  const isTrue = (): boolean => random.below(2) === 1
  const layouts = layoutsOf(macProfile)
  const headerBytes = one([6, 6, 0, 4, 12, 64])
  const header = (HEADER + hexOfBytes(random.bytes(64))).slice(0, 2 * headerBytes)
  return {
    merchantId: `8981${digitsOf(seed, 11)}`,
    // Every other number is shorter than field 41. It stays a number of this terminal alone.
    terminalId: seed % 2 === 0 ? `B${seed}` : `A${digitsOf(seed, 7)}`,
    masterKey: hexOfBytes(
      random.bytes(one(OWN_MAC_PROFILES[macProfile].cipher === 'des' ? [16, 16, 8] : [16])),
    ),
    macProfile,
    layout: one(layouts),
    forms: { padding, entryMode: one(['left', 'right'] as const) },
    line: {
      transport,
      tpdu: one(['6000030000', '6000060000', '6001020304']),
      header,

      tlv: isTrue() ? one(BLOCKS) : '',
      tlvSide: one(['before', 'behind'] as const),
    },
    settlesWithMac: isTrue(),
    repeats: isTrue(),
    reversalMtis: one(REVERSALS),
    reversesShort: isTrue(),
    encrypts: isTrue(),
    voidForms: one(['strict', 'lenient'] as const),
    tails: {
      field60: one(['', '000', '0006', '00060', '00060100000']),
      field61: one(['', '0000', '0601', '00000000000000000']),
    },
    restartsTraces: isTrue(),
    firstTrace: one([1, 100, 999_990]),
    textEncoding: one(['gbk', 'ascii'] as const),
    texts: one(['short', 'long'] as const),
  }
}
