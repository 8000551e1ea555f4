/**
 * @module The data that a rig's database needs before a sale: bearer keys, and terminals provisioned through
 * the JSON API.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { SEED } from '../../src/cli/dev/server.ts'
import { loadCore } from '../../src/cli/lib/core.ts'
import { httpTransport } from '../../src/cli/lib/http-transport.ts'
import { provision, provisionMerchant, splitMasterKey } from '../../src/cli/provision.ts'
import type { Core } from '../../src/core/instance.ts'
import type { Send } from '../../src/iso8583/frame.ts'
import { fromHex } from '../../src/iso8583/hex.ts'
import { newTerminalState } from '../../src/terminal/state.ts'
import { VirtualTerminal } from '../../src/terminal/virtual-terminal.ts'
import { STRONG_TMK } from '../support/test-keys.ts'
import { insertApiKey, newApiKey } from './api-key.ts'
import type { Rig } from './rig.ts'

export interface Seeded {
  readonly adminKey: string
  /** The bearer key of the one merchant of these terminals. */
  readonly merchantKey: string
  readonly merchantId: string
  readonly terminalIds: readonly string[]
}

const { merchantId } = SEED
/** The master key of every seeded terminal. */
export const RIG_TMK = fromHex(STRONG_TMK) ?? new Uint8Array(0)

/**
 * Creates keys, and `terminals` terminals under one test key, none signed on. The window never
 * ends.
 */
export async function seed({ url, control }: Rig, terminals: number): Promise<Seeded> {
  const core = await loadCore()
  const [adminKey, merchantKey] = [newApiKey(), newApiKey()]
  await control.query(insertApiKey(adminKey, null, 'rig admin'))
  await control.query(insertApiKey(merchantKey, merchantId, 'rig merchant'))
  const terminalIds = Array.from({ length: terminals }, (_, i) => `R${String(i + 1).padStart(7, '0')}`)
  const merchant = { url, key: adminKey, merchantId, body: { window: { kind: 'same_batch' } } }
  const { status: made } = await provisionMerchant(merchant)
  if (made >= 300) throw new Error(`provisioning ${merchantId}: HTTP ${made}`)
  for (const terminalId of terminalIds) {
    const body = {
      state: 'active',
      macProfile: 'cup-ecb',
      settlementMac: 'optional',
      tmk: splitMasterKey(core, 'cup-ecb', RIG_TMK),
    }
    const ask = async () => (await provision({ url, key: adminKey, merchantId, terminalId, body })).status
    let status = await ask()
    for (; status === 429; status = await ask()) await sleep(1000)
    if (status !== 201) throw new Error(`provisioning ${terminalId}: HTTP ${status}`)
  }
  return { adminKey, merchantKey, merchantId, terminalIds }
}

/** A virtual terminal that was seeded. By default `send` uses the rig's first isolate. */
export function terminalOf(core: Core, terminalId: string, to: URL | Send): VirtualTerminal {
  const send = to instanceof URL ? httpTransport(new URL('/v1/iso8583', to)).send : to
  const state = newTerminalState(merchantId, terminalId, 'cup-ecb')
  return new VirtualTerminal({ core, send, now: () => performance.now(), tmk: RIG_TMK, state })
}
