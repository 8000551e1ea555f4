/** @module The output of the demo: numbered steps, each with its messages, the decision, the reason, and a check. */

import type { Exchange } from '../../terminal/exchange.ts'
import { widthOf } from '../../terminal/receipt.ts'
import { fullLines, shortLines, verdictLine } from '../lib/show-exchange.ts'
import { type Colour, paint } from '../lib/style.ts'
import { wordsOf } from '../lib/words.ts'

export interface Screen {
  /** Begins the next step. */
  step(zh: string, en: string): void
  /** Shows an exchange. `silence` is the reason why there is no response. */
  exchange(exchange: Exchange, silence: string | null): void
  /** Prints a remark. */
  note(text: string): void
  /** Checks the result of the step, and prints what was expected. */
  expect(isSo: boolean, expected: string): void
  /** Two texts side by side, each at most 32 columns wide. */
  columns(left: readonly string[], right: readonly string[]): void
  readonly steps: number
  readonly failures: number
}

const COLOURS: Readonly<Record<Exchange['outcome'], Colour>> = {
  approved: 'green',
  declined: 'yellow',
  invalid: 'red',
  unanswered: 'red',
}

export function createScreen(write: (line: string) => void, isVerbose: boolean): Screen {
  let steps = 0
  let failures = 0
  const print = (line: string) => write(line === '' ? '' : `    ${line}`)
  return {
    get steps() {
      return steps
    },
    get failures() {
      return failures
    },
    step(zh, en) {
      steps++
      write(`\n${paint('bold', `${String(steps).padStart(2)}  ${zh}  ${en}`)}`)
    },
    exchange(exchange, silence) {
      const lines = isVerbose
        ? fullLines(exchange, silence, false).slice(0, -1)
        : shortLines(exchange, `no response (${silence ?? 'silence'})`)
      for (const line of lines) print(line.startsWith('→') ? paint('cyan', line) : line)
      print(paint(COLOURS[exchange.outcome], `= ${verdictLine(exchange)}`))
      const { advice } = wordsOf(exchange)
      if (advice !== undefined) print(`  ${advice}`)
    },
    note(text) {
      print(paint('dim', `  ${text}`))
    },
    expect(isSo, expected) {
      if (!isSo) failures++
      print(isSo ? `${paint('green', '✓')} ${expected}` : paint('red', `✗ expected: ${expected}`))
    },
    columns(left, right) {
      for (let i = 0; i < Math.max(left.length, right.length); i++) {
        const text = left[i] ?? ''
        print(`${text}${' '.repeat(Math.max(0, 36 - widthOf(text)))}${right[i] ?? ''}`.trimEnd())
      }
    },
  }
}
