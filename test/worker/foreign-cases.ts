/** @module Pairs of requests about another merchant's case, its settings and its late reversals, and about days (foreign.test.ts). */

import * as s from './support.ts'

const ABSENT_RRN = '000000000000'

/** `caseId`: the RRN of a case of the merchant `s.MID`. Each path once of that merchant, and once of nothing. */
export const pairsOfCase = (caseId = '') => {
  const note = (rrn: string) => ({ path: `/v1/cases/${rrn}/notes`, body: { note: 'x' } })
  const pair = (route: string, owner: number | null, foreign: string, absent: string) => ({
    route,
    owner,
    foreign: { path: foreign },
    absent: { path: absent },
  })
  const [retry, merchant, late] = ['/v1/cases/RRN/retry', '/v1/merchants', '/v1/late-reversals']
  return [
    { route: 'POST /v1/cases/{rrn}/notes', owner: 201, foreign: note(caseId), absent: note(ABSENT_RRN) },
    pair('POST /v1/cases/{rrn}/retry', null, retry.replace('RRN', caseId), retry.replace('RRN', ABSENT_RRN)),
    pair('GET /v1/merchants/{merchantId}', 200, `${merchant}/${s.MID}`, `${merchant}/000000000000000`),
    pair('GET /v1/late-reversals', 200, late, `${late}?cursor=9999999999999999-999999999999`),
    ...pairsOfDays(),
  ]
}

/** The days of the acquirer are those of all merchants together, so no merchant has any. */
const pairsOfDays = () => {
  const close = (day: string) => ({ path: `/v1/acquirer-days/${day}/close`, body: { note: 'x' } })
  return [
    {
      route: 'GET /v1/acquirer-days',
      owner: null,
      foreign: { path: '/v1/acquirer-days' },
      absent: { path: '/v1/acquirer-days?cursor=2999-01-01-156' },
    },
    {
      route: 'POST /v1/acquirer-days/{day}/close',
      owner: null,
      foreign: close('2026-06-01'),
      absent: close('2999-01-01'),
    },
  ]
}
