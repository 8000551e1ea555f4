/** @module NDJSON at the JSON door: one thing a line, each answered with its number. */

import { refuseDoor } from './handler.ts'

/** Most lines of one request. */
export const CAPTURED_SALE_LINES = 200

export interface Line {
  readonly line: string
  /** From 1, blank lines counted. */
  readonly number: number
}

/** The lines that say something, or the refusal where there are too many. */
export function linesOf(text: string): readonly Line[] | Response {
  const lines = text
    .split('\n')
    .map((line, i) => ({ line, number: i + 1 }))
    .filter(({ line }) => line.trim() !== '')
  return lines.length > CAPTURED_SALE_LINES
    ? refuseDoor('body_too_large', { lines: CAPTURED_SALE_LINES })
    : lines
}

export const respondLines = (answers: readonly object[]): Response =>
  new Response(answers.map((answer) => `${JSON.stringify(answer)}\n`).join(''), {
    headers: { 'content-type': 'application/x-ndjson' },
  })
