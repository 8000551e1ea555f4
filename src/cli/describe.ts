/** @module `annul describe`: a frame or a bare message in words, masked. With `--why`: what is wrong with it. */

import { paddedTerminal } from '../domain/terminal-number.ts'
import { type TerminalProfile, USUAL_FORMS } from '../domain/terminal-profile.ts'
import { describe, describeJson } from '../iso8583/describe.ts'
import { fromHex } from '../iso8583/hex.ts'
import { xorLrc } from '../iso8583/serial-frame.ts'
import { databaseOf } from './lib/database.ts'
import type { Parsed, Run } from './lib/declare.ts'
import { UsageError } from './lib/failure.ts'
import { type CommandIo, readAll } from './lib/io.ts'
import { DESCRIBE } from './table/tools.ts'
import type { TriedKey } from './why/mac-mistakes.ts'
import type { Expected } from './why/message-faults.ts'

export const run: Run<typeof DESCRIBE> = async (parsed, io) => {
  const { argument, json, why } = parsed
  assertWhy(parsed)
  const text = argument === '-' ? await readAll(io.stdin) : argument
  const bytes = fromHex(text.replace(/\s/g, ''))
  // The input is not repeated: it may hold a card number.
  if (bytes === undefined || bytes.length === 0)
    throw new UsageError(
      argument === '-'
        ? 'stdin: expected an even number of hex digits'
        : `HEX|-: expected ${DESCRIBE.argument.type.expected}`,
    )
  if (why) return explain(bytes, parsed, io)
  const described = describeJson(bytes, xorLrc)
  io.stdout(json ? JSON.stringify(described) : describe(bytes, xorLrc))
  return described.error === undefined ? 0 : 1
}

type Options = Parsed<typeof DESCRIBE>

/** Throws UsageError for options of `--why` without it, and for a `--why` that knows no profile. */
function assertWhy({ why, tid, mac, mid, padding, entryMode, headerLength, headerTlv }: Options): void {
  const needs = [tid, mac, mid, padding, entryMode, headerLength, headerTlv]
  if (!why && needs.some((option) => option !== undefined))
    throw new UsageError('--why is missing: only with it a frame is compared with a terminal')
  if (why && tid === undefined && mac === undefined)
    throw new UsageError('--why needs --tid for a terminal of the local database, or --mac for a profile')
}

async function explain(bytes: Uint8Array, parsed: Options, io: CommandIo): Promise<number> {
  // Only here: nobody else pays for the database and the core.
  const { explainFrame, whyText } = await import('./why/why.ts')
  const { expected, keys } = await terminalOf(parsed, io)
  const why = await explainFrame(bytes, expected, keys)
  const described = describeJson(bytes, xorLrc)
  io.stdout(
    parsed.json ? JSON.stringify({ ...described, why }) : `${describe(bytes, xorLrc)}\n\n${whyText(why)}`,
  )
  return why.remarks.some(({ isFault }) => isFault) || why.verdict !== null ? 1 : 0
}

/** The profile of the options, or of the local database with the options over it. */
async function terminalOf(
  parsed: Options,
  { env }: CommandIo,
): Promise<{ readonly expected: Expected; readonly keys: readonly TriedKey[] }> {
  const { tid, mid, mac, mak } = parsed
  const terminalId = tid === undefined ? undefined : paddedTerminal(tid)
  const given = mak === undefined ? [] : [{ name: 'given MAC key', mistake: null, bytes: mak }]
  if (mac !== undefined || terminalId === undefined) {
    const usual = {
      status: 'active',
      textEncoding: 'gbk',
      settlementMac: 'optional',
      ...USUAL_FORMS,
    } as const
    const profile = { ...usual, macProfile: mac ?? 'cup-ecb', ...formsOf(parsed) }
    return { expected: { profile, terminalId, merchantId: mid }, keys: given }
  }
  const { findTerminal } = await import('./why/terminal.ts')
  const found = await findTerminal(databaseOf(parsed), terminalId, env)
  const profile = { ...found.profile, ...formsOf(parsed) }
  return {
    expected: { profile, terminalId, merchantId: mid ?? found.merchantId },
    keys: [...given, ...found.keys],
  }
}

/** The forms that options give. */
function formsOf({
  texts,
  padding,
  entryMode,
  cardCheck,
  headerLength,
  headerTlv,
  voidForms,
}: Options): Partial<TerminalProfile> {
  const isTlv = headerTlv === undefined ? undefined : headerTlv === 'yes'
  const given = { texts, padding, entryMode, cardCheck, headerLength, headerTlv: isTlv, voidForms }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}
