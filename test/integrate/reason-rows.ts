/** @module Field 39 as a terminal meets it: codes, reasons, texts and advice, from the one table of refusals. */

import { type DeclineReason, REFUSALS, refusalOf } from '../../src/domain/decline-reason.ts'
import { table } from './markdown.ts'

/** A terminal gets no answer for it: an answer would clear the reversal that it may need. */
const NEVER_SENT: readonly DeclineReason[] = ['in_progress']

const REASONS = (Object.keys(REFUSALS) as DeclineReason[]).filter((reason) => !NEVER_SENT.includes(reason))

export const SIGN_ON_CODES: readonly string[] = [
  ...new Set(
    REASONS.filter((reason) => refusalOf(reason).doNext === 'sign_on').map(
      (reason) => refusalOf(reason).responseCode,
    ),
  ),
].sort()

export const reasonTable = (): string =>
  table(
    ['39', 'reason', '中文', 'English', 'what to do'],
    REASONS.map((reason) => ({ reason, ...refusalOf(reason) }))
      .sort((a, b) => (a.responseCode < b.responseCode ? -1 : a.responseCode > b.responseCode ? 1 : 0))
      .map(({ responseCode, reason, zh, en, adviceEn }) => [
        `\`${responseCode}\``,
        `\`${reason}\``,
        zh,
        en,
        adviceEn,
      ]),
  )
