/** @module Provisioning a terminal: an entry like any other, so that a change of status or key moves the head. */

import { answerOf, commitOf, type Decision, type Generated } from './decision.ts'
import { NO_TOTALS } from './money.ts'
import type { ProvisionRequest } from './requests.ts'
import type { Effects, Terminal } from './types.ts'

/** The journal before its first entry. */
export const GENESIS = { seq: 0, hash: '0'.repeat(64) } as const

/** A terminal as it stands before it was ever provisioned. */
export const newTerminal = (request: ProvisionRequest): Terminal => ({
  terminalId: request.terminalId,
  merchantId: request.merchantId,
  ...request.profile,
  keyVersion: null,
  batch: { ...NO_TOTALS, batchNumber: '000001', state: 'open' },
  head: GENESIS,
})

export function decideProvision(
  request: ProvisionRequest,
  terminal: Terminal,
  generated: Generated,
): Decision {
  const context = { terminal, merchant: request.merchant }
  const effects: Effects = {
    terminal: request.profile,
    ...(request.merchantChange === null ? {} : { merchant: request.merchantChange }),
    ...(terminal.head.seq === 0 ? { batch: terminal.batch } : {}),
    ...(request.newMasterKey ? { keyVersion: null } : {}),
  }
  return commitOf(request, 'provision', context, answerOf(context, generated, null), effects)
}
