/**
 * @module The guards of the sender: terminal and merchant exist and are active (semantics.md, Order of the guards). A terminal learns
 * which one fails only after its proof. Without a proof every failure is `terminal_unknown`.
 */

import type { DeclineReason } from './decline-reason.ts'
import type { Merchant, Terminal } from './types.ts'

/** The first guard that fails, or null. `merchantId` is field 42 of the message, 15 characters. */
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

/** The refusal of a sender without a proof. All failures are alike, so that nobody finds terminals by asking. */
export const refuseUnproved = (
  terminal: Terminal | null,
  merchant: Merchant | null,
  merchantId: string,
): 'terminal_unknown' | null =>
  refuseTerminal(terminal, merchant, merchantId) === null ? null : 'terminal_unknown'

/** Defaults of a merchant. An answer to an unknown merchant uses their time zone and cut-off for its dates. */
export const DEFAULT_MERCHANT = {
  timeZone: 'Asia/Shanghai',
  cutOff: '23:00',
  window: { kind: 'business_day' },
  currencyCode: '156',
} as const satisfies Partial<Merchant>
