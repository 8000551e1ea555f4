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
import type { Mouth } from './mouth.ts'
import { firstOf, type Said, saying, sayingJson } from './said.ts'
import type { Till } from './till.ts'

/** Milliseconds over which what races for a sale is spread. */
const SPREAD_MS = 40

/** Last two digits that are approved, and one that the sandbox and the host decline. */
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

export interface Story {
  readonly till: Till
  readonly amount: number
  readonly stan: string
  readonly sale: Said
  /** What has been said up to now, the sale included. */
  readonly all: Said[]
  /** Says the sale alone. */
  begin(mouth: Mouth): Promise<boolean>
  /** Tells it to its end or to the first silence; true where there was none. */
  tell(mouth: Mouth, paced: boolean): Promise<boolean>
}

export function newStory(till: Till, plan: Plan): Story {
  const { state } = till
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
  const sale = saying(till, 'sale', entry.stan, till.frame(saleRequest(state, entry)))
  const undo = (target: Said, of: LogEntry, original?: LogEntry) =>
    saying(till, 'reversal', of.stan, till.frame(reversalRequest(state, of, original, '98')), target)
  const early = plan.givesUp ? undo(sale, entry) : null
  // Field 11 is taken now, so that what a kill delays is not said under another.
  const voidEntries = plan.voids.map(() => pos('void', { originalStan: entry.stan }))
  const all: Said[] = early === null ? [sale] : [sale, early]
  let race: readonly { readonly said: Said; readonly at: number; readonly copies: number }[] | undefined

  /** Built from the sale's answer: false where its id could not be asked for. */
  async function open(mouth: Mouth): Promise<boolean> {
    const { rrn, authorizationCode } = firstOf(sale) ?? {}
    const original = { ...entry, ...(rrn && { rrn }), ...(authorizationCode && { authorizationCode }) }
    let saleId: string | undefined
    if (plan.voids.some(({ kind }) => kind === 'api_void')) {
      const headers = { authorization: `Bearer ${mouth.merchantKey}` }
      saleId = (await askJson(new URL(`/v1/sales/${rrn}`, mouth.url()), { headers }))?.json.id
      if (saleId === undefined) return false
    }
    const voids = plan.voids.map(({ kind, at, copies }, i) => {
      const of = voidEntries[i] ?? entry
      if (kind === 'void') {
        const said = saying(till, 'void', of.stan, till.frame(voidRequest(state, of, original)))
        return { said, at, copies, undoing: () => undo(said, of, original) }
      }
      const key = `${state.terminalId}-${of.batchNumber}-${of.stan}`
      const said = sayingJson(mouth.merchantKey, key, { saleId, amount })
      const body = { saleId, amount, idempotencyKey: key }
      return { said, at, copies, undoing: () => sayingJson(mouth.merchantKey, `undo-${key}`, body, said) }
    })
    const [first] = voids
    race = [
      ...voids,
      ...(first === undefined || plan.reverseVoidAt === null
        ? []
        : [{ said: first.undoing(), at: plan.reverseVoidAt, copies: 1 }]),
      ...(plan.reverseSaleAt === null || early !== null
        ? []
        : [{ said: undo(sale, entry), at: plan.reverseSaleAt, copies: 1 }]),
    ]
    all.push(...race.map(({ said }) => said))
    return true
  }

  return {
    till,
    amount,
    stan: entry.stan,
    sale,
    all,
    begin: (mouth) => mouth.tell(sale),
    async tell(mouth, paced) {
      const begun = await Promise.all([mouth.tell(sale), early === null || mouth.tell(early)])
      if (begun.includes(false)) return false
      if (race === undefined) {
        if (firstOf(sale)?.verdict !== 'approved') return true
        if (!(await open(mouth))) return false
      }
      const told = (race ?? []).flatMap(({ said, at, copies }) =>
        Array.from({ length: copies }, async () => {
          if (paced) await sleep(at)
          return mouth.tell(said)
        }),
      )
      return !(await Promise.all(told)).includes(false)
    },
  }
}
