/**
 * @module A sale and all that races for it: voids by both doors, copies, reversals. It can be told again and again: what was
 * said before is said again byte for byte, what a kill kept from being said is said for the first time.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { reversalRequest, saleRequest, voidRequest } from '../../src/terminal/messages.ts'
import { type LogEntry, takeStan } from '../../src/terminal/state.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import type { Random } from '../support/micro-random.ts'
import { askJson } from './ask.ts'
import { type Attempt, attemptOf, firstOf, jsonAttempt } from './attempt.ts'
import type { Client } from './client.ts'
import type { TestTerminal } from './terminal.ts'

/** Milliseconds over which what races for a sale is spread. */
const SPREAD_MS = 40

/** Last two digits that are approved, and one that the sandbox and the acquirer decline. */
const ENDINGS = [0, 10, 12, 34, 51]

/** What will be said, and when. All of it is drawn before anything is said, so that a seed fixes it. */
export interface Plan {
  readonly amount: number
  readonly card: string
  readonly voids: readonly {
    readonly kind: 'void' | 'api_void'
    readonly at: number
    readonly copies: number
  }[]
  /** Milliseconds after the sale's answer; null: never. */
  readonly reverseVoidAt: number | null
  readonly reverseSaleAt: number | null
  /** The terminal gives the sale up at once: its reversal races with the sale itself. */
  readonly givesUp: boolean
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
    givesUp: below(10) < 1,
  }
}

export interface Scenario {
  readonly terminal: TestTerminal
  readonly amount: number
  readonly stan: string
  readonly sale: Attempt
  /** What has been said up to now, the sale included. */
  readonly all: Attempt[]
  /** Says the sale alone. */
  begin(client: Client): Promise<boolean>
  /** Tells it to its end or to the first silence; true where there was none. */
  run(client: Client, paced: boolean): Promise<boolean>
}

export function newScenario(terminal: TestTerminal, plan: Plan): Scenario {
  const { state } = terminal
  const { amount, card } = plan
  const pos = (kind: 'sale' | 'void', more: Partial<LogEntry> = {}): LogEntry => ({
    kind,
    batchNumber: state.batchNumber,
    stan: takeStan(state),
    amount,
    pan: card,
    status: 'unanswered',
    ...more,
  })
  const entry = pos('sale')
  const sale = attemptOf(terminal, 'sale', entry.stan, terminal.frame(saleRequest(state, entry)))
  const undo = (target: Attempt, of: LogEntry, original?: LogEntry) =>
    attemptOf(
      terminal,
      'reversal',
      of.stan,
      terminal.frame(reversalRequest(state, of, original, '98')),
      target,
    )
  const early = plan.givesUp ? undo(sale, entry) : null
  // Field 11 is taken now, so that what a kill delays is not said under another.
  const voidEntries = plan.voids.map(() => pos('void', { originalStan: entry.stan }))
  const all: Attempt[] = early === null ? [sale] : [sale, early]
  let race: readonly { readonly attempt: Attempt; readonly at: number; readonly copies: number }[] | undefined

  /** Built from the sale's answer: false where its id could not be asked for. */
  async function open(client: Client): Promise<boolean> {
    const { rrn, authorizationCode } = firstOf(sale) ?? {}
    const original = { ...entry, ...(rrn && { rrn }), ...(authorizationCode && { authorizationCode }) }
    let saleId: string | undefined
    if (plan.voids.some(({ kind }) => kind === 'api_void')) {
      const headers = { authorization: `Bearer ${client.merchantKey}` }
      saleId = (await askJson(new URL(`/v1/sales/${rrn}`, client.url()), { headers }))?.json.id
      if (saleId === undefined) return false
    }
    const voids = plan.voids.map(({ kind, at, copies }, i) => {
      const of = voidEntries[i] ?? entry
      if (kind === 'void') {
        const attempt = attemptOf(terminal, 'void', of.stan, terminal.frame(voidRequest(state, of, original)))
        return { attempt, at, copies, undoing: () => undo(attempt, of, original) }
      }
      const key = `${state.terminalId}-${of.batchNumber}-${of.stan}`
      const attempt = jsonAttempt(client.merchantKey, key, { saleId, amount })
      const body = { saleId, amount, idempotencyKey: key }
      return {
        attempt,
        at,
        copies,
        undoing: () => jsonAttempt(client.merchantKey, `undo-${key}`, body, attempt),
      }
    })
    const [first] = voids
    race = [
      ...voids,
      ...(first === undefined || plan.reverseVoidAt === null
        ? []
        : [{ attempt: first.undoing(), at: plan.reverseVoidAt, copies: 1 }]),
      ...(plan.reverseSaleAt === null || early !== null
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
      const begun = await Promise.all([client.run(sale), early === null || client.run(early)])
      if (begun.includes(false)) return false
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
