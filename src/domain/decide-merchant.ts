/** @module Settings of a merchant: entries of a stream of its own, since they hold for all its terminals. */

import { DEFAULT_MERCHANT } from './admit.ts'
import { changesOf } from './changes.ts'
import { rulesOf } from './merchant-rules.ts'
import type { MerchantRequest } from './requests.ts'
import { err, ok, type Result } from './result.ts'
import type { DraftEntry, Head, Merchant } from './types.ts'

/** The stream of a merchant in the journal. No terminal number has this form. */
export const merchantStream = (merchantId: string): string => `merchant:${merchantId}`

/**
 * The entry that makes the merchant what it is from now on. It names each setting that changes, with its old value. The one
 * currency of a merchant never changes.
 */
export function decideMerchant(
  { merchantId, change }: MerchantRequest,
  before: Merchant | null,
  head: Head,
  now: number,
): Result<DraftEntry & { readonly effects: { readonly merchant: Merchant } }, 'currency_fixed'> {
  const { currencyCode } = change
  if (before !== null && currencyCode !== undefined && currencyCode !== before.currencyCode)
    return err('currency_fixed')
  const usual = { ...DEFAULT_MERCHANT, name: merchantId, status: 'active' } as const
  const merchant: Merchant = { ...usual, ...before, ...change, merchantId }
  const { merchantId: _, ...settings } = merchant
  const stream = merchantStream(merchantId)
  return ok({
    terminalId: stream,
    merchantId,
    kind: 'merchant',
    messageKey: `${stream}|${head.seq + 1}`,
    contentFingerprint: '',
    door: 'json',
    request: changesOf(before === null ? null : { ...before, ...rulesOf(before) }, {
      ...settings,
      ...rulesOf(merchant),
    }),
    answer: null,
    effects: { merchant },
    at: now,
  })
}
