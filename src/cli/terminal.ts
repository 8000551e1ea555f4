/** @module `annul terminal OPERATION`: the virtual terminal. Its state is in a file, so that a void can follow a sale of an earlier command. */

import { join } from 'node:path'
import type { Send } from '../iso8583/frame.ts'
import { MasterKeyError } from '../terminal/session.ts'
import { isVoided, type TerminalState } from '../terminal/state.ts'
import { type ExchangeResult, type TerminalRefusal, VirtualTerminal } from '../terminal/virtual-terminal.ts'
import { loadCore } from './lib/core.ts'
import type { Parsed, Run } from './lib/declare.ts'
import { Failure, UsageError } from './lib/failure.ts'
import { httpTransport } from './lib/http-transport.ts'
import type { CommandIo } from './lib/io.ts'
import { exchangeJson, fullLines } from './lib/show-exchange.ts'
import { readState, writeState } from './lib/state-file.ts'
import type { TERMINAL_OPERATIONS } from './table/terminal.ts'

/** The options of every operation. */
type Shared = Parsed<(typeof TERMINAL_OPERATIONS)['echo']> & { readonly noSettlementMac?: boolean }

const REFUSED: Readonly<Record<TerminalRefusal, string>> = {
  not_signed_on: 'the terminal has no working keys: sign on first',
  reversal_failed:
    'the pending reversal got no valid response: the terminal dropped it and sent nothing else',
  not_in_log: 'the log of this batch has no such STAN',
  not_a_sale: 'this STAN is not a sale',
  sale_not_approved: 'this sale was not approved',
  already_voided: 'this sale is voided already',
  nothing_to_reverse: 'there is nothing to reverse',
}

type Runs = { readonly [Name in keyof typeof TERMINAL_OPERATIONS]: Run<(typeof TERMINAL_OPERATIONS)[Name]> }

export const RUN_OPERATION: Runs = {
  'sign-on': (parsed, io) =>
    operate(parsed, io, async (terminal) => ({ ok: true, value: await terminal.signOn(parsed.layout) })),

  echo: (parsed, io) => operate(parsed, io, async (terminal) => ({ ok: true, value: await terminal.echo() })),

  sale: (parsed, io) => operate(parsed, io, (terminal) => terminal.sale(parsed.amount, parsed.pan)),

  void: (parsed, io) =>
    operate(parsed, io, (terminal) => terminal.voidSale(parsed.stan ?? lastSale(terminal.state))),

  reverse: (parsed, io) =>
    operate(parsed, io, (terminal) => {
      const { state } = terminal
      return terminal.reverse(parsed.stan ?? state.pending?.stan ?? lastApproved(state), parsed.reason)
    }),

  settle: (parsed, io) => operate(parsed, io, (terminal) => terminal.settle()),

  'sign-off': (parsed, io) => operate(parsed, io, (terminal) => terminal.signOff()),

  day: runDay,
}

/** Sign-on, two sales, a void of the first, settlement, sign-off. The day stops at the first operation that is not approved. */
function runDay(parsed: Parsed<(typeof TERMINAL_OPERATIONS)['day']>, io: CommandIo): Promise<number> {
  const { amount, pan } = parsed
  let first = ''
  return operate(
    parsed,
    io,
    async (terminal) => ({ ok: true, value: await terminal.signOn() }),
    async (terminal) => {
      const outcome = await terminal.sale(amount, pan)
      if (outcome.ok) first = outcome.value.sent.fields.get(11) ?? ''
      return outcome
    },
    (terminal) => terminal.sale(5000, pan),
    (terminal) => terminal.voidSale(first),
    (terminal) => terminal.settle(),
    (terminal) => terminal.signOff(),
  )
}

/** Performs one step after the other until one is not approved; returns the exit code. */
async function operate(
  parsed: Shared,
  io: CommandIo,
  ...steps: ((terminal: VirtualTerminal) => Promise<ExchangeResult>)[]
): Promise<number> {
  const transport = httpTransport(parsed.url)
  const terminal = await openTerminal(parsed, io, transport)
  let code = 0
  for (const step of steps) {
    code = exitCode(await guarded(step(terminal)))
    if (code !== 0) break
  }
  if (transport.isUnreachable()) throw new Failure(`${parsed.url}: ${transport.silence()}`)
  return code
}

async function openTerminal(
  {
    mid,
    tid,
    tmk,
    mac,
    state: file,
    serial,
    loseAnswer,
    showHex,
    noSettlementMac,
    json,
    padding,
    entryMode,
  }: Shared,
  io: CommandIo,
  transport: ReturnType<typeof httpTransport>,
): Promise<VirtualTerminal> {
  const path = file ?? join('.annul', `terminal-${mid}-${tid}.json`)
  const state = readState(path, mid, tid, mac)
  const send: Send = async (frame) => {
    const answer = await transport.send(frame)
    return loseAnswer ? null : answer
  }
  return new VirtualTerminal({
    core: await loadCore(),
    send,
    now: () => performance.now(),
    tmk,
    state,
    frame: serial ? 'serial' : 'tpdu',
    settlementMac: noSettlementMac !== true,
    forms: { padding, entryMode },
    save: (changed) => writeState(path, changed),
    observe: (exchange) => {
      const silence = exchange.answer === null ? (transport.silence() ?? 'answer lost') : null
      if (json) io.stdout(JSON.stringify(exchangeJson(exchange, silence, showHex)))
      else io.stdout(fullLines(exchange, silence, showHex).join('\n'))
    },
  })
}

/** Keys under another master key are an error of the user; the message holds no part of either key. */
async function guarded(outcome: Promise<ExchangeResult>): Promise<ExchangeResult> {
  try {
    return await outcome
  } catch (error) {
    if (!(error instanceof MasterKeyError)) throw error
    throw new UsageError('--tmk: this is not the master key of the last sign-on; sign on again')
  }
}

function exitCode(outcome: ExchangeResult): number {
  if (!outcome.ok) throw new Failure(REFUSED[outcome.error])
  return outcome.value.outcome === 'approved' ? 0 : 1
}

/** No STAN is empty: the terminal refuses it. */
const lastSale = (state: TerminalState): string =>
  state.log.findLast(
    ({ kind, status, stan }) => kind === 'sale' && status === 'approved' && !isVoided(state, stan),
  )?.stan ?? ''

const lastApproved = (state: TerminalState): string | undefined =>
  state.log.findLast(({ status }) => status === 'approved')?.stan
