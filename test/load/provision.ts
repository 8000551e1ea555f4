/** @module Registers the terminals of a load through the JSON API, each with the next MAC profile, and signs them on. */

import { setTimeout as sleep } from 'node:timers/promises'
import { freshMasterKey } from '../../src/cli/dev/fresh-master-key.ts'
import { provision, provisionMerchant, splitMasterKey } from '../../src/cli/provision.ts'
import { MAC_PROFILES } from '../../src/domain/terminal-profile.ts'
import { fromHex } from '../../src/iso8583/hex.ts'
import { newTerminalState } from '../../src/terminal/state.ts'
import { inTurns } from './in-turns.ts'
import type { LoadHarness } from './load-harness.ts'
import { LoadTerminal } from './load-terminal.ts'
import type { Target } from './target.ts'
import { TerminalLine } from './terminal-line.ts'

/** Requests at once. More would only be refused. */
const AT_ONCE = 8
const MOST_TRIES = 120
/** Terminals of one /24. Sign-ons are limited by network. */
const OF_NETWORK = 50

interface Options {
  readonly harness: LoadHarness
  readonly target: Pick<Target, 'url' | 'merchantId' | 'adminKeys'>
  readonly count: number
  /** The beginning of each terminal number, four characters. */
  readonly prefix: string
  readonly progress: (done: number) => void
}

/** The terminals, signed on, with the master key that they share. */
export async function provisionTerminals({
  harness,
  target,
  count,
  prefix,
  progress,
}: Options): Promise<LoadTerminal[]> {
  const { url, merchantId, adminKeys } = target
  const tmk = fromHex(freshMasterKey()) ?? new Uint8Array(0)
  const keyOf = (nth: number): string => adminKeys[nth % adminKeys.length] ?? ''
  const merchant = { url, key: keyOf(0), merchantId, body: { window: { kind: 'same_batch' } } }
  await untilTaken(merchantId, async () => (await provisionMerchant(merchant)).status)
  const terminals: LoadTerminal[] = []
  const register = async (nth: number): Promise<void> => {
    const macProfile = MAC_PROFILES[nth % MAC_PROFILES.length] ?? 'cup-ecb'
    const terminalId =
      prefix +
      nth
        .toString(36)
        .toUpperCase()
        .padStart(8 - prefix.length, '0')
    const keys = splitMasterKey(harness.core, macProfile, tmk)
    const body = { state: 'active', macProfile, settlementMac: 'optional', tmk: keys }
    await untilTaken(
      terminalId,
      async () => (await provision({ url, key: keyOf(nth), merchantId, terminalId, body })).status,
    )
    const state = newTerminalState(merchantId, terminalId, macProfile)
    const line = new TerminalLine(harness, state, tmk, addressOf(nth))
    for (let left = MOST_TRIES; !line.isSignedOn; left--) {
      if (left === 0) throw new Error(`${terminalId}: the sign-on was refused`)
      if (left < MOST_TRIES) await sleep(500)
      await line.signOn(harness.now())
    }
    terminals.push(new LoadTerminal(harness, line))
    progress(terminals.length)
  }
  await inTurns([...Array(count).keys()], AT_ONCE, register)
  return terminals
}

/** An address of the block for benchmarks (RFC 2544), 198.18.0.0/15. */
const addressOf = (nth: number): string =>
  `198.18.${Math.floor(nth / OF_NETWORK) % 256}.${1 + (nth % OF_NETWORK)}`

async function untilTaken(name: string, ask: () => Promise<number>): Promise<void> {
  for (let left = MOST_TRIES; ; left--) {
    const status = await ask()
    if (status === 200 || status === 201) return
    if ((status !== 429 && status !== 503) || left === 0)
      throw new Error(`provisioning ${name}: HTTP ${status}`)
    await sleep(500)
  }
}
