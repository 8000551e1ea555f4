/**
 * @module The guards before the MAC: terminal and merchant exist and are active (semantics.md, Order of the guards).
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

/** Defaults of a merchant. An answer to an unknown merchant uses their time zone and cut-off for its dates. */
export const DEFAULT_MERCHANT = {
  timeZone: 'Asia/Shanghai',
  cutOff: '23:00',
  window: { kind: 'business_day' },
  currencyCode: '156',
} as const satisfies Partial<Merchant>
