/** @module How often each kind of message, act and fault came in a world. */

import { MAC_PROFILES } from '../../src/domain/terminal-profile.ts'
import type { JournalEntry } from '../../src/domain/types.ts'
import type { Message } from '../../src/iso8583/message.ts'
import { must } from './checks.ts'
import type { Storage } from './platform/d1.ts'
import type { Isolate } from './platform/isolate.ts'
import type { TestTerminal } from './terminal.ts'
import type { TestTerminalOptions } from './terminal-options.ts'

/** Counts by kind. */
export class Kinds {
  readonly counts = new Map<string, number>()

  note(kind: string, times = 1): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + times)
  }
}

/** The kinds that many worlds together must have. */
export const KINDS: readonly string[] = [
  ...MAC_PROFILES.flatMap((profile) => [
    `pads of F under ${profile}`,
    `pads of 0 under ${profile}`,
    `field 22 right under ${profile}`,
  ]),
  'forged pads',
  'unsigned declines of a sale',
  'unsigned declines of a sale, believed',
  'unsigned declines of a void',
  'unsigned declines of a reversal',
  'forged declines of a sale',
  'forged declines of a void',
  'forged declines of a reversal',
  'answers without an echo',
  'late reversals',
  'late reversals refused',
  'alerts of late reversals',
  'late reversals by JSON refused',
  'late reversals by an administrator',
  'sign-ons',
  'sales reversed by JSON',
  'closings with office totals',
  'closings with a difference',
  'settlements that match',
  'lists of 200 lines',
  'drivers at their limit',
]

const isZero = (totals: object): boolean => Object.values(totals).every((total) => total === 0)

/** Counts the kinds that only the journal shows. */
export function noteEntries(kinds: Kinds, entries: Iterable<JournalEntry>): void {
  for (const { answer, effects, kind, door } of entries) {
    const { voidMoved, closing } = effects
    if (voidMoved?.reversedLate === true) kinds.note('late reversals')
    if (answer?.reason === 'reversal_too_old') kinds.note('late reversals refused')
    if (kind === 'sale_reversal' && door === 'json') kinds.note('sales reversed by JSON')
    if (closing === undefined) continue
    if (!isZero(closing.office)) kinds.note('closings with office totals')
    if (closing.difference !== null && !isZero(closing.difference)) kinds.note('closings with a difference')
  }
}

/** The events of the log that are counted, and their kinds. */
const EVENTS: Readonly<Record<string, string>> = {
  acquirer_signed_on: 'sign-ons',
  handed_over: 'drivers at their limit',
}

/** Lines of works that end without an outcome because their trip failed. */
const FAILED = ['{"event":"commit_failed"', '{"event":"load_failed"']

/** The limit of an invocation says nothing about a message, so it is no outcome of one. */
function checkLimit(line: string): void {
  if (FAILED.some((event) => line.startsWith(event)))
    must(!/too many (api requests|subrequests)/i.test(line), `the limit became an outcome: ${line}`)
}

/** Counts the kinds that only the log shows. */
export function noteLines(kinds: Kinds, lines: readonly string[]): void {
  for (const line of lines) {
    checkLimit(line)
    const kind = EVENTS[/^\{"event":"(\w+)"/.exec(line)?.[1] ?? '']
    if (kind !== undefined) kinds.note(kind)
    else if (line.includes('"why":"void.reversed_late"')) kinds.note('alerts of late reversals')
  }
}

/** Counts a message whose bytes have a pad of F, or field 22 on the right. */
export function noteForms(
  kinds: Kinds,
  { macProfile, forms }: Pick<TestTerminalOptions, 'macProfile' | 'forms'>,
  { fields }: Message,
): void {
  const isOdd = (fields.get(2)?.length ?? 0) % 2 === 1
  if (isOdd) kinds.note(`pads of ${forms?.padding ?? '0'} under ${macProfile}`)
  if (fields.has(22) && forms?.entryMode === 'right') kinds.note(`field 22 right under ${macProfile}`)
}

/** Adds the crashes, the states at the acquirer, and the reversals that terminals gave up. */
export function addCounts(
  counts: Record<string, number>,
  parts: {
    readonly isolates: readonly Isolate[]
    readonly storage: Storage
    readonly terminals: readonly TestTerminal[]
  },
): void {
  for (const { lives } of parts.isolates) counts.crashes = (counts.crashes ?? 0) + lives - 1
  const forwarded = parts.storage.rows<{ state: string; cases: number }>(
    'select state, case_reason is not null as cases from acquirer_record',
  )
  for (const { state, cases } of forwarded) {
    counts[`acquirer ${state}`] = (counts[`acquirer ${state}`] ?? 0) + 1
    counts.cases = (counts.cases ?? 0) + cases
  }
  for (const { dropped } of parts.terminals) counts.dropped = (counts.dropped ?? 0) + dropped.length
}
