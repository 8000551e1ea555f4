/**
 * @module `annul terminal OPERATION`: a virtual terminal against any acquirer. Its state is in a file, so that a void can follow
 * a sale of an earlier call. Exit code 0 when the acquirer approved, 1 when it declined or did not answer, 2 on wrong usage.
 */

import { join } from 'node:path'
import type { Send } from '../iso8583/frame.ts'
import { MasterKeyError } from '../terminal/session.ts'
import { isVoided, KEY_LAYOUTS, REVERSAL_REASON_CODES, type TerminalState } from '../terminal/state.ts'
import { isTestCard, testCard } from '../terminal/test-cards.ts'
import { type ExchangeResult, type TerminalRefusal, VirtualTerminal } from '../terminal/virtual-terminal.ts'
import { loadCore } from './lib/core.ts'
import { Failure, withFailure } from './lib/failure.ts'
import { httpTransport } from './lib/http-transport.ts'
import type { CommandIo } from './lib/io.ts'
import { flagsOf, type JsonObject, oneOf, UsageError } from './lib/ndjson.ts'
import { macProfileOf, merchantIdOf, numberOf, terminalIdOf, textOf, tmkOf, urlOf } from './lib/options.ts'
import { exchangeJson, fullLines } from './lib/show-exchange.ts'
import { readState, writeState } from './lib/state-file.ts'

const OPERATIONS = ['sign-on', 'echo', 'sale', 'void', 'reverse', 'settle', 'sign-off', 'day'] as const
type Operation = (typeof OPERATIONS)[number]

const TEXTS = ['url', 'mid', 'tid', 'tmk', 'mac', 'layout', 'amount', 'pan', 'stan', 'reason', 'state']
const SWITCHES = ['lose-answer', 'serial', 'no-settlement-mac', 'show-hex', 'ndjson']

export const DEFAULT_URL = 'http://localhost:8787/unp/webtrans/WPOS'

const REFUSED: Readonly<Record<TerminalRefusal, string>> = {
  not_signed_on: 'no working keys: sign on first',
  reversal_failed: 'the pending reversal was not taken: it is dropped, and nothing else was sent',
  not_in_log: 'no such STAN in the log of this batch',
  not_a_sale: 'that STAN is not a sale',
  sale_not_approved: 'that sale was not approved',
  already_voided: 'that sale is voided already',
  nothing_to_reverse: 'there is nothing to reverse',
}

export async function run(args: string[], io: CommandIo): Promise<number> {
  return withFailure('terminal', io, async () => {
    const { values, positionals } = flagsOf(args, TEXTS, SWITCHES, 1)
    const operation = oneOf({ operation: positionals[0] }, 'operation', OPERATIONS)
    const { terminal, isUnreachable, silence, url } = await openTerminal(values, io)
    const refused = await perform(terminal, operation, values)
    if (isUnreachable()) throw new Failure(`${url}: ${silence()}`)
    return refused
  })
}

async function openTerminal(values: JsonObject, io: CommandIo) {
  const url = urlOf(values, DEFAULT_URL)
  const merchantId = merchantIdOf(values)
  const terminalId = terminalIdOf(values)
  const tmk = tmkOf(values)
  const path = textOf(values, 'state') ?? join('.annul', `terminal-${merchantId}-${terminalId}.json`)
  const state = readState(path, merchantId, terminalId, macProfileOf(values))
  const acquirer = httpTransport(url)
  const showHex = values['show-hex'] === true
  const loses = values['lose-answer'] === true
  const send: Send = async (frame) => {
    const answer = await acquirer.send(frame)
    return loses ? null : answer
  }
  const terminal = new VirtualTerminal({
    core: await loadCore(),
    send,
    now: () => performance.now(),
    tmk,
    state,
    frame: values.serial ? 'serial' : 'tpdu',
    settlementMac: values['no-settlement-mac'] !== true,
    save: (changed) => writeState(path, changed),
    observe: (exchange) => {
      const silence = exchange.answer === null ? (acquirer.silence() ?? 'answer lost') : null
      if (values.ndjson) io.stdout(JSON.stringify(exchangeJson(exchange, silence, showHex)))
      else io.stdout(fullLines(exchange, silence, showHex).join('\n'))
    },
  })
  return { terminal, isUnreachable: acquirer.isUnreachable, silence: acquirer.silence, url }
}

/** The exit code. Options are read before the first byte is sent. */
async function perform(terminal: VirtualTerminal, operation: Operation, values: JsonObject): Promise<number> {
  const { state } = terminal
  switch (operation) {
    case 'sign-on': {
      const layout = values.layout === undefined ? undefined : oneOf(values, 'layout', KEY_LAYOUTS)
      return exitCode({ ok: true, value: await terminal.signOn(layout) })
    }
    case 'echo':
      return exitCode({ ok: true, value: await terminal.echo() })
    case 'sale': {
      const amount = numberOf(values, 'amount', 1, 999_999_999_999)
      if (amount === undefined) throw new UsageError('--amount: expected the amount in fen')
      return exitCode(await guarded(terminal.sale(amount, panOf(values))))
    }
    case 'void':
      return exitCode(await guarded(terminal.voidSale(stanOf(values) ?? lastSale(state))))
    case 'reverse': {
      const reason = values.reason === undefined ? '98' : oneOf(values, 'reason', REVERSAL_REASON_CODES)
      return exitCode(
        await guarded(terminal.reverse(stanOf(values) ?? state.pending?.stan ?? lastItem(state), reason)),
      )
    }
    case 'settle':
      return exitCode(await guarded(terminal.settle()))
    case 'sign-off':
      return exitCode(await guarded(terminal.signOff()))
    case 'day':
      return day(terminal, panOf(values), numberOf(values, 'amount', 1, 999_999_999_999) ?? 1234)
  }
}

/** Sign-on, two sales, a void of the first, settlement, sign-off; stops at the first that is not approved. */
async function day(terminal: VirtualTerminal, pan: string, amount: number): Promise<number> {
  let first = ''
  const steps: (() => Promise<ExchangeResult>)[] = [
    async () => ({ ok: true, value: await terminal.signOn() }),
    () => terminal.sale(amount, pan),
    () => terminal.sale(5000, pan),
    () => terminal.voidSale(first),
    () => terminal.settle(),
    () => terminal.signOff(),
  ]
  for (const [i, step] of steps.entries()) {
    const outcome = await guarded(step())
    const code = exitCode(outcome)
    if (code !== 0) return code
    if (i === 1 && outcome.ok) first = outcome.value.sent.fields.get(11) ?? ''
  }
  return 0
}

/** Keys of another master key are the user's to put right, without a trace of either. */
async function guarded(outcome: Promise<ExchangeResult>): Promise<ExchangeResult> {
  try {
    return await outcome
  } catch (error) {
    if (!(error instanceof MasterKeyError)) throw error
    throw new UsageError('--tmk: is not the master key of the last sign-on: sign on again')
  }
}

function exitCode(outcome: ExchangeResult): number {
  if (!outcome.ok) throw new Failure(REFUSED[outcome.error])
  return outcome.value.outcome === 'approved' ? 0 : 1
}

function panOf(values: JsonObject): string {
  const pan = textOf(values, 'pan') ?? testCard(1)
  if (!isTestCard(pan))
    throw new UsageError('--pan: expected a published test card, or 622500000000NNN and its Luhn digit')
  return pan
}

const stanOf = (values: JsonObject): string | undefined =>
  numberOf(values, 'stan', 1, 999_999)?.toString().padStart(6, '0')

const lastSale = (state: TerminalState): string =>
  state.log.findLast(
    ({ kind, status, stan }) => kind === 'sale' && status === 'approved' && !isVoided(state, stan),
  )?.stan ?? ''

const lastItem = (state: TerminalState): string | undefined =>
  state.log.findLast(({ status }) => status === 'approved')?.stan
