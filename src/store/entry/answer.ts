/** @module The answer of an entry as a list. Local time and dates follow from its time and an offset to UTC. */

import type { Answer } from '../../domain/types.ts'
import { CODED_ENCODINGS, CODED_REASONS, CODED_TEXTS, REASON_CODES, USUAL_UTC_OFFSET } from './codes.ts'
import { describeList, optionally, orNull, readList, tableOf, usually, writeObject } from './schema.ts'
import { digitsForm, plainNumber, plainText, timeForm, totalsForm, type ValueForm } from './values.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** An answer, and the numbers that its local time and dates follow from. */
interface AnswerView extends Answer {
  /** Minutes that the local time is ahead of UTC. */
  readonly utcOffset: number
  /** Days from the local date to the settlement date, 0 or 1. */
  readonly settlesIn: number
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value))

const floorMod = (value: number, by: number): number => value - Math.floor(value / by) * by

/** hhmmss of an instant in UTC. */
function timeOf(instant: number): string {
  const seconds = Math.floor(floorMod(instant, DAY_MS) / 1000)
  const minutes = Math.floor(seconds / 60)
  return two(Math.floor(minutes / 60)) + two(minutes % 60) + two(seconds % 60)
}

/** Day since the epoch → MMDD. Entries are of few days, so the last ones are kept. */
const dates = new Map<number, string>()
const MOST_DATES = 64

/** MMDD of an instant in UTC. An empty text for an instant without a date. */
function dateOf(instant: number): string {
  const day = Math.floor(instant / DAY_MS)
  const found = dates.get(day)
  if (found !== undefined) return found
  const date = new Date(day * DAY_MS)
  const text = Number.isNaN(date.getTime()) ? '' : two(date.getUTCMonth() + 1) + two(date.getUTCDate())
  if (dates.size === MOST_DATES) dates.clear()
  dates.set(day, text)
  return text
}

const localInstant = ({ at = 0, utcOffset = 0 }: Partial<AnswerView>) => at + utcOffset * MINUTE_MS

const settlementOf = (view: Partial<AnswerView>): string =>
  dateOf(localInstant(view) + (view.settlesIn ?? 0) * DAY_MS)

const OFFSETS_IN_DAY = 24 * 60

/** The offset that gives the answer's local time and date. The usual one when no offset does. */
function offsetOf({ at, localTime, localDate }: Answer): number {
  const gives = (utcOffset: number): boolean => {
    const local = localInstant({ at, utcOffset })
    return timeOf(local) === localTime && dateOf(local) === localDate
  }
  if (gives(USUAL_UTC_OFFSET)) return USUAL_UTC_OFFSET
  const minutes = Number(localTime.slice(0, 2)) * 60 + Number(localTime.slice(2, 4))
  const ahead = minutes - Math.floor(floorMod(at, DAY_MS) / MINUTE_MS)
  const offsets = [ahead, ahead - OFFSETS_IN_DAY, ahead + OFFSETS_IN_DAY]
  return offsets.find(gives) ?? USUAL_UTC_OFFSET
}

function viewOf(answer: Answer): AnswerView {
  const utcOffset = offsetOf(answer)
  const next = settlementOf({ at: answer.at, utcOffset, settlesIn: 1 })
  return { ...answer, utcOffset, settlesIn: Number(answer.settlementDate === next) }
}

export const ANSWER_TABLE = tableOf<AnswerView>('answer', {
  rrn: usually(
    digitsForm(12),
    'RRN of the row, of the claim or of the request',
    ({ columns, base, request }) => columns.rrn ?? base?.effects.claim?.rrn ?? request.rrn,
  ),
  authorizationCode: orNull(digitsForm(6)),
  reason: orNull(CODED_REASONS),
  responseCode: usually(plainText, 'code of the reason, or 00', (_, { reason }) =>
    reason === null || reason === undefined ? '00' : REASON_CODES[reason],
  ),
  at: usually(timeForm, '`at` of the entry', ({ at }) => at),
  utcOffset: usually(plainNumber, String(USUAL_UTC_OFFSET), () => USUAL_UTC_OFFSET),
  settlesIn: usually(plainNumber, '0', () => 0),
  localTime: usually(plainText, 'hhmmss of `at` at the offset', (_, view) => timeOf(localInstant(view))),
  localDate: usually(plainText, 'MMDD of `at` at the offset', (_, view) => dateOf(localInstant(view))),
  settlementDate: usually(plainText, 'local date, as many days later', (_, view) => settlementOf(view)),
  textEncoding: usually(CODED_ENCODINGS, 'gbk', () => 'gbk'),
  totals: optionally(totalsForm),
  voidableUntil: optionally(timeForm),
  texts: optionally(CODED_TEXTS),
})

export const answerForm: ValueForm = {
  name: ANSWER_TABLE.name,
  describe: (stored, scope) => describeList(ANSWER_TABLE, stored, scope),
  write: (value, scope) => writeObject(ANSWER_TABLE, viewOf(value as Answer), scope),
  read(stored, scope) {
    const { utcOffset: _, settlesIn: __, ...answer } = readList(ANSWER_TABLE, stored, scope)
    return answer
  },
}
