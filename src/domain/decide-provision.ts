/** @module Provisions a terminal. It is a journal entry like any other, so a change of status or key moves the head. */

import { answerOf, commitOf, type Decision, type Generated } from './decision.ts'
import { merchantGuard } from './guard.ts'
import { NO_TOTALS } from './money.ts'
import type { ProvisionRequest } from './requests.ts'
import type { Effects, Terminal } from './types.ts'

/** The head of an empty journal. */
export const GENESIS = { seq: 0, hash: '0'.repeat(64) } as const

/** A terminal before its first provisioning, with batch 000001 open. */
export const newTerminal = (
  request: Pick<ProvisionRequest, 'terminalId' | 'merchantId' | 'profile'>,
): Terminal => ({
  terminalId: request.terminalId,
  merchantId: request.merchantId,
  ...request.profile,
  keyVersion: null,
  tmkVersion: 0,
  batch: { ...NO_TOTALS, batchNumber: '000001', state: 'open' },
  head: GENESIS,
})

/**
 * Always a commit. A new master key ends every working key. A changed profile raises the guard of the merchant. A new terminal raises
 * nothing, because no message depends on it yet. So messages of other terminals do not lose while a merchant gets many terminals.
 */
export function decideProvision(
  request: ProvisionRequest,
  terminal: Terminal,
  generated: Generated,
): Decision {
  const context = { terminal, merchant: request.merchant }
  const effects: Effects = {
    terminal: request.profile,
    ...(terminal.head.seq === 0 ? { batch: terminal.batch } : {}),
    ...(request.tmkVersion === null ? {} : { keyVersion: null, tmkVersion: request.tmkVersion }),
  }
  const { draft } = commitOf(request, 'provision', context, answerOf(context, generated, null), effects)
  return { kind: 'commit', draft, moves: terminal.head.seq === 0 ? [] : [merchantGuard(request.merchantId)] }
}
