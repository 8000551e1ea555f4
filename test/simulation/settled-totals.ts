/**
 * @module The settlement of a terminal. Its totals must match what the terminal sent and was answered, whatever the back office voided
 * or reversed. They may differ only where the terminal does not know an outcome.
 */

import { MATCHED } from '../../src/terminal/exchange.ts'
import type { TerminalState } from '../../src/terminal/state.ts'
import type { ExchangeResult } from '../../src/terminal/virtual-terminal.ts'
import { must } from './checks.ts'
import type { ActorContext } from './context.ts'
import { beyondQuota } from './quota.ts'
import type { TestTerminal } from './terminal.ts'

/** Field 39 of refusals before the decision: merchant, form, state, terminal, keys and MAC. */
const UNWRITTEN = ['03', '30', '58', '97', '77', 'A0']

export class SettledTotals {
  readonly #kinds: ActorContext['kinds']
  readonly #storage: ActorContext['storage']
  /** The batches with a message whose outcome the terminal may not know, by trace number. */
  readonly #unclear = new Map<string, string>()

  constructor({ kinds, storage }: Pick<ActorContext, 'kinds' | 'storage'>) {
    this.#kinds = kinds
    this.#storage = storage
  }

  /** An operator reverses a message of the batch. A terminal sends it once, and does not keep it as pending. */
  reverses(stan: string, batchNumber: string): void {
    this.#unclear.set(stan, batchNumber)
  }

  answered(stan: string, result: ExchangeResult): void {
    if (result.ok && result.value.outcome === 'approved') this.#unclear.delete(stan)
  }

  /**
   * A refusal before the decision leaves no entry, nor does one beyond the quota. So a late copy of the message is decided again,
   * perhaps under other settings, or after the outcome that the first one lacked.
   */
  refused(terminalId: string, batchNumber: string, result: ExchangeResult): void {
    if (!result.ok || result.value.outcome !== 'declined') return
    const { received, responseCode = '' } = result.value
    const stan = received?.fields.get(11)
    const isUnwritten = UNWRITTEN.includes(responseCode) || beyondQuota(this.#storage)(terminalId)
    if (stan !== undefined && isUnwritten) this.#unclear.set(stan, batchNumber)
  }

  /** A violation where the totals must match and do not. */
  settled({ options, dropped }: TestTerminal, before: TerminalState, result: ExchangeResult): void {
    if (!result.ok) return
    const { received, responseCode = '' } = result.value
    if (received === null || received.fields.has(39) || !/^[12]{2}$/.test(responseCode)) return
    const isEqual = responseCode === MATCHED
    this.#kinds.note(isEqual ? 'settlements that match' : 'settlements that differ')
    const mayDiffer =
      options.captureSales !== null ||
      dropped.length > 0 ||
      [...this.#unclear.values()].includes(before.batchNumber) ||
      hasVoidAlone(before)
    must(isEqual || mayDiffer, `the totals of ${options.terminalId} do not match: ${responseCode}`)
  }
}

/** Whether a sale was reversed after its void. The void is undone with it, and the terminal still counts it. */
const hasVoidAlone = ({ log }: TerminalState): boolean =>
  log.some(
    ({ kind, status, originalStan }) =>
      kind === 'void' &&
      status === 'approved' &&
      log.some((sale) => sale.stan === originalStan && sale.status !== 'approved'),
  )
