/**
 * @module A sale and all that races for it: voids by both APIs, copies, reversals. It can run again and
 * again. Then it sends earlier messages again byte for byte, and sends messages that a kill prevented for the
 * first time.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { reversalRequest, saleRequest, voidRequest } from '../../src/terminal/messages.ts'
import { type LogEntry, takeStan } from '../../src/terminal/state.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import type { Random } from '../support/micro-random.ts'
import { type Attempt, attemptOf, firstOf, jsonAttempt } from './attempt.ts'
import type { Client } from './client.ts'
import { sendJson } from './http.ts'
import type { TestTerminal } from './terminal.ts'

/** Milliseconds over which the race for a sale is spread. */
const SPREAD_MS = 40

/** The last two digits of approved amounts, and one that the sandbox and the acquirer decline. */
const ENDINGS = [0, 10, 12, 34, 51]

/** The messages and their times. All is drawn before the first one is sent, so that a seed fixes it. */
export interface Plan {
  readonly amount: number
  readonly card: string
  readonly voids: readonly {
    readonly kind: 'void' | 'api_void'
    readonly at: number
    readonly copies: number
  }[]
  /** Milliseconds after the sale's answer. Null: never. */
  readonly reverseVoidAt: number | null
  readonly reverseSaleAt: number | null
  /** The terminal reverses the sale at once, so that the reversal races with the sale. */
  readonly reversesAtOnce: boolean
}

export function drawPlan({ below }: Random): Plan {
  const kinds = ['void', 'void', 'api_void'] as const
  return {
    amount: (1 + below(500)) * 100 + (ENDINGS[below(ENDINGS.length)] ?? 0),
    card: testCard(below(1000)),
    voids: Array.from({ length: 1 + below(3) }, () => ({
      kind: kinds[below(kinds.length)] ?? 'void',
      at: below(SPREAD_MS),
      copies: 1 + below(2),
    })),
    reverseVoidAt: below(10) < 3 ? below(SPREAD_MS) : null,
    reverseSaleAt: below(10) < 1 ? below(SPREAD_MS) : null,
    reversesAtOnce: below(10) < 1,
  }
}

export interface Scenario {
  readonly terminal: TestTerminal
  readonly amount: number
  readonly stan: string
  readonly sale: Attempt
  /** All messages so far, with the sale. */
  readonly all: Attempt[]
  /** Sends the sale alone. */
  begin(client: Client): Promise<boolean>
  /** Runs to the end or to the first missing answer. True when all were answered. */
  run(client: Client, paced: boolean): Promise<boolean>
}

export function newScenario(terminal: TestTerminal, plan: Plan): Scenario {
  const { state } = terminal
  const { amount, card } = plan
  const entryOf = (kind: 'sale' | 'void', more: Partial<LogEntry> = {}): LogEntry => ({
    kind,
    batchNumber: state.batchNumber,
    stan: takeStan(state),
    amount,
    pan: card,
    status: 'unanswered',
    ...more,
  })
  const entry = entryOf('sale')
  const sale = attemptOf(terminal, 'sale', entry.stan, terminal.frame(saleRequest(state, entry)))
  const undo = (target: Attempt, of: LogEntry, original?: LogEntry) =>
    attemptOf(
      terminal,
      'reversal',
      of.stan,
      terminal.frame(reversalRequest(state, of, original, '98')),
      target,
    )
  const earlyReversal = plan.reversesAtOnce ? undo(sale, entry) : null
  // Field 11 is taken now, so that a message delayed by a kill keeps its STAN.
  const voidEntries = plan.voids.map(() => entryOf('void', { originalStan: entry.stan }))
  const all: Attempt[] = earlyReversal === null ? [sale] : [sale, earlyReversal]
  let race: readonly { readonly attempt: Attempt; readonly at: number; readonly copies: number }[] | undefined

  /** Built from the sale's answer. False when the sale's id is not available. */
  async function open(client: Client): Promise<boolean> {
    const { rrn, authorizationCode } = firstOf(sale) ?? {}
    const original = { ...entry, ...(rrn && { rrn }), ...(authorizationCode && { authorizationCode }) }
    let saleId: string | undefined
    if (plan.voids.some(({ kind }) => kind === 'api_void')) {
      const headers = { authorization: `Bearer ${client.merchantKey}` }
      saleId = (await sendJson(new URL(`/v1/sales/${rrn}`, client.url()), { headers }))?.json.id
      if (saleId === undefined) return false
    }
    const voids = plan.voids.map(({ kind, at, copies }, i) => {
      const of = voidEntries[i] ?? entry
      if (kind === 'void') {
        const attempt = attemptOf(terminal, 'void', of.stan, terminal.frame(voidRequest(state, of, original)))
        return { attempt, at, copies, reversal: () => undo(attempt, of, original) }
      }
      const key = `${state.terminalId}-${of.batchNumber}-${of.stan}`
      const attempt = jsonAttempt(client.merchantKey, key, { saleId, amount })
      const body = { saleId, amount, idempotencyKey: key }
      return {
        attempt,
        at,
        copies,
        reversal: () => jsonAttempt(client.merchantKey, `undo-${key}`, body, attempt),
      }
    })
    const [first] = voids
    race = [
      ...voids,
      ...(first === undefined || plan.reverseVoidAt === null
        ? []
        : [{ attempt: first.reversal(), at: plan.reverseVoidAt, copies: 1 }]),
      ...(plan.reverseSaleAt === null || earlyReversal !== null
        ? []
        : [{ attempt: undo(sale, entry), at: plan.reverseSaleAt, copies: 1 }]),
    ]
    all.push(...race.map(({ attempt }) => attempt))
    return true
  }

  return {
    terminal,
    amount,
    stan: entry.stan,
    sale,
    all,
    begin: (client) => client.run(sale),
    async run(client, paced) {
      const started = await Promise.all([
        client.run(sale),
        earlyReversal === null || client.run(earlyReversal),
      ])
      if (started.includes(false)) return false
      if (race === undefined) {
        if (firstOf(sale)?.verdict !== 'approved') return true
        if (!(await open(client))) return false
      }
      const running = (race ?? []).flatMap(({ attempt, at, copies }) =>
        Array.from({ length: copies }, async () => {
          if (paced) await sleep(at)
          return client.run(attempt)
        }),
      )
      return !(await Promise.all(running)).includes(false)
    },
  }
}
