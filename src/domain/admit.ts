/** @module The guards before the MAC: may this terminal speak to us at all (semantics.md, Order of the guards). */

import type { DeclineReason } from './decline-reason.ts'
import type { Merchant, Terminal } from './types.ts'

export function refuseTerminal(
  terminal: Terminal | null,
  merchant: Merchant | null,
  merchantId: string,
): DeclineReason | null {
  if (terminal === null || merchant === null) return 'terminal_unknown'
  if (terminal.merchantId !== merchantId) return 'merchant_unknown'
  if (merchant.status !== 'active') return 'merchant_unknown'
  if (terminal.status !== 'active') return 'terminal_not_allowed'
  return null
}

/** What an unknown merchant's answer is dated by. */
export const DEFAULT_MERCHANT = {
  timeZone: 'Asia/Shanghai',
  cutOff: '23:00',
  window: { kind: 'business_day' },
  currencyCode: '156',
} as const satisfies Partial<Merchant>
