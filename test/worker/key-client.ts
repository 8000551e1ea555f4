/** @module Requests about bearer keys, as an administrator sends them. */

import * as s from './support.ts'

interface Sending {
  readonly bearer?: string
  readonly to?: s.Isolate
  /** The `Idempotency-Key`. By default each request has its own. */
  readonly name?: string
}

/** The isolate and the administrator's key are those at the time of each request. */
export function keyClient(sender: () => { readonly isolate: s.Isolate; readonly admin: string }) {
  let acts = 0
  let merchants = 0
  return {
    async newMerchant(): Promise<string> {
      const mid = `K${String(++merchants).padStart(14, '0')}`
      await s.provisionMerchant(sender().isolate, mid)
      return mid
    },
    make(
      body: object,
      { bearer = sender().admin, to = sender().isolate, name = `act-${++acts}` }: Sending = {},
    ) {
      return s.ask(to, bearer, 'POST', '/v1/keys', body, { 'idempotency-key': name })
    },
    revoke(id: unknown, { bearer = sender().admin, to = sender().isolate }: Sending = {}) {
      return s.ask(to, bearer, 'POST', `/v1/keys/${id}/revoke`)
    },
    list: (query = '') => s.ask(sender().isolate, sender().admin, 'GET', `/v1/keys${query}`),
    /** Whether a key is live and has the scope `read`. */
    canRead: async (bearer: unknown) =>
      (await s.ask(sender().isolate, String(bearer), 'GET', '/v1/cases')).status === 200,
  }
}
