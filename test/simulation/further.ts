/**
 * @module The further choices of a world. Each has a stream of draws of its own, so that the seed of an older world gives the same
 * messages at the same times.
 */

import type { Declines, EchoField } from '../../src/acquirer/profile.ts'
import { luhnDigit } from '../../src/domain/card-number.ts'
import { ENTRY_MODE_SIDES, PAD_NIBBLES } from '../../src/domain/terminal-profile.ts'
import type { PackForms } from '../../src/iso8583/message.ts'
import { Random } from './platform/random.ts'

const STREAM = { forms: 13, echo: 14, forged: 15, office: 16, lists: 17, pads: 18, late: 19 } as const

/** The stream of one choice. */
export const streamOf = (seed: number, choice: keyof typeof STREAM): Random =>
  new Random(seed, STREAM[choice])

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** Some time in 2026, often shortly before the cut-off, which is at 15:00 UTC. */
export function drawStart(random: Random): number {
  const day = Date.UTC(2026, 0, 1) + random.below(365) * DAY
  return day + (random.chance(0.2) ? 15 * 60 - random.below(20) : random.below(24 * 60)) * MINUTE
}

/** A test card with 19 digits, so that its packed form has a pad. `number`: 0 to 999. */
const longCard = (number: number): string => {
  const digits = `622500000000000${String(number).padStart(3, '0')}`
  return digits + luhnDigit(digits)
}

/** The forms of each further terminal, and its cards: often one of them has 19 digits. */
export function formsOf(seed: number) {
  const random = streamOf(seed, 'forms')
  return (cards: readonly string[]): { readonly forms: PackForms; readonly cards: readonly string[] } => {
    const forms = {
      padding: random.pick(PAD_NIBBLES),
      entryMode: random.pick(ENTRY_MODE_SIDES),
    }
    const [place, card] = [random.below(cards.length), longCard(random.below(1000))]
    return { forms, cards: random.chance(0.7) ? cards.with(place, card) : cards }
  }
}

/** Fields that an acquirer may leave out of its answers. */
const OPTIONAL: readonly EchoField[] = [3, 4, 42, 60]

/** The fields that the acquirer of a world leaves out of its answers. In most worlds it repeats all. */
export function drawAbsentEchoes(seed: number): readonly EchoField[] {
  const random = streamOf(seed, 'echo')
  return random.chance(0.4) ? OPTIONAL.filter(() => random.chance(0.5)) : []
}

/**
 * The part of the answers in whose place someone sends a decline without a MAC, by kind of message. A decline of a sale is forged only
 * where the service believes none.
 */
export function drawForgeries(seed: number, declines: Declines, isMild: boolean) {
  const random = streamOf(seed, 'forged')
  const rate = random.pick(isMild ? [0, 0.02] : [0, 0.05, 0.2])
  return (kind: 'sale' | 'void' | 'reversal'): boolean =>
    !(kind === 'sale' && declines === 'unsigned') && random.chance(rate)
}

/** The first setting of every merchant for late reversals. */
export const drawLateReversals = (seed: number): 'allow' | 'refuse' =>
  streamOf(seed, 'late').chance(0.3) ? 'refuse' : 'allow'
