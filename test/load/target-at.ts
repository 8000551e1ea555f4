/** @module A service at a URL that runs already. The load has a merchant of its own there, and revokes its keys at the end. */

import { createKey } from '../../src/cli/api-key.ts'
import { callApi } from '../../src/cli/lib/call-api.ts'
import { provisionMerchant } from '../../src/cli/provision.ts'
import { type LoadOptions, OptionError } from './options.ts'
import type { Target } from './target.ts'

const ADMIN_KEYS = 3
const MERCHANT_KEYS = 20
/** An isolate may repeat an answer for three seconds after another one has reversed it. The margin is for the clocks. */
const GRACE_MS = 7000

/** Keys of a merchant begin with nine, which no example has. */
const newMerchantId = (at: number): string => `9${String(at).slice(-14).padStart(14, '0')}`

export async function targetAt({ url, key }: Pick<LoadOptions, 'url' | 'key'>): Promise<Target> {
  if (url === null || key === null) throw new OptionError('--url and --key: expected')
  const merchantId = newMerchantId(Date.now())
  const made: string[] = []
  const newKey = async (of?: string): Promise<string> => {
    const { status, body } = await createKey({ url, key }, { name: 'load', merchantId: of })
    if (status !== 201) throw new Error(`a bearer key: HTTP ${status}`)
    made.push(String(body.id))
    return String(body.key)
  }
  const { status } = await provisionMerchant({ url, key, merchantId, body: { name: 'load' } })
  if (status !== 201) throw new Error(`the merchant ${merchantId}: HTTP ${status}`)
  const adminKeys: string[] = []
  const merchantKeys: string[] = []
  while (adminKeys.length < ADMIN_KEYS) adminKeys.push(await newKey())
  while (merchantKeys.length < MERCHANT_KEYS) merchantKeys.push(await newKey(merchantId))
  return {
    name: url.origin,
    url,
    merchantId,
    adminKeys,
    merchantKeys,
    floors: null,
    graceMs: GRACE_MS,
    counts: null,
    rows: null,
    hasQuickRows: false,
    pids: [],
    slowDown: null,
    compareAcquirer: null,
    alerts: () => ({}),
    audit: null,
    async stop() {
      for (const id of made)
        await callApi({ url, key, method: 'POST', path: `/v1/keys/${id}/revoke`, body: {} })
    },
  }
}
