/** @module Provisions a merchant, changes its settings, or reads them. */

import { decideMerchant } from '../domain/decide-merchant.ts'
import { MAX_LOSSES } from '../domain/guard.ts'
import { actorOf } from '../domain/request-actor.ts'
import type { MerchantRequest } from '../domain/requests.ts'
import { reportLostRaces } from '../pipeline/lost-races.ts'
import { seal, WITHOUT_TERMINAL } from '../store/journal.ts'
import { commitMerchant, readMerchant } from '../store/merchants.ts'
import { logSettings, mayAct, permit, senderOf } from './handler.ts'
import { merchantBody } from './json/bodies.ts'
import { apiProblem, declineProblem } from './json/problem.ts'
import type { MerchantSettings } from './json/schemas.ts'
import type { Call, Handler, Reply } from './router.ts'

type Put = 'PUT /v1/merchants/{merchantId}'

export const getMerchant: Handler<'GET /v1/merchants/{merchantId}'> = async (call) => {
  const { services, credential, path } = call
  const found = await readMerchant(services.db, credential, services.now(), path.merchantId)
  const caller = permit(call, found.credential)
  if (!caller.ok) return caller.error
  const isThere = found.merchant !== null && mayAct(caller.value, path.merchantId)
  return isThere ? { status: 200, body: merchantBody(found.merchant) } : apiProblem('not_found')
}

export const putMerchant: Handler<Put> = async (call) => {
  const { services, path, body } = call
  const reply = await provisionMerchant(call)
  logSettings(services, { type: 'merchant', ...path }, body, reply)
  return reply
}

async function provisionMerchant(call: Call<Put>): Promise<Reply<Put>> {
  const { services, c, credential, path, body } = call
  const { merchantId } = path
  const bucketNeeds = services.bucketNeeds?.(merchantId) ?? []
  const request: MerchantRequest = { merchantId, change: changeOf(body) }
  for (let losses = 0; losses < MAX_LOSSES; losses++) {
    const now = services.now()
    const found = await readMerchant(services.db, credential, now, merchantId)
    const { merchant: before, head, needs } = found
    const caller = permit(call, found.credential)
    if (!caller.ok) return caller.error
    if (before !== null && isEmpty(request)) return { status: 200, body: merchantBody(before) }
    const draft = decideMerchant(request, before, head, now)
    if (!draft.ok) return apiProblem(draft.error)
    const { merchant } = draft.value.effects
    const actor = actorOf(senderOf(c, caller.value.id), needs, merchantId)
    const row = await seal({ ...draft.value, actor }, head, null, WITHOUT_TERMINAL)
    const headMac = await services.macHead(row.terminalId, row, head)
    const allNeeds = [...needs, ...bucketNeeds]
    if (!(await commitMerchant(services.db, row, merchant, allNeeds, headMac))) {
      if (losses === MAX_LOSSES - 1)
        await reportLostRaces(services, [{ log: services.log, row, needs: allNeeds }])
      continue
    }
    const answer = merchantBody(merchant)
    return before === null ? { status: 201, body: answer } : { status: 200, body: answer }
  }
  return declineProblem('in_progress')
}

/** True if no setting is named. Then there is nothing to write. */
const isEmpty = ({ change }: MerchantRequest): boolean => Object.keys(change).length === 0

/** The named settings, in the names of the domain. */
function changeOf({ state, currency, ...settings }: MerchantSettings): MerchantRequest['change'] {
  const named = { ...settings, status: state, currencyCode: currency }
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
}
