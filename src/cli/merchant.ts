/** @module `annul merchant`: registers a merchant, or changes its settings. A merchant comes before its terminals. */

import type { WindowPolicy } from '../domain/sale-facts.ts'
import type { Run } from './lib/declare.ts'
import type { JsonObject } from './lib/ndjson.ts'
import { administratorKey, printProvisioned, provisionMerchant } from './provision.ts'
import type { MERCHANT } from './table/operation.ts'

export const run: Run<typeof MERCHANT> = async (parsed, io) => {
  const { url, mid: merchantId, name, state, timeZone, cutOff, currency, window, json } = parsed
  const { lateReversals, reasonRequired, decideWithin } = parsed
  // JSON leaves an undefined setting out, and the service keeps its value.
  const settings = { name, state, timeZone, cutOff, currency, window }
  const body = { ...settings, lateReversals, reasonRequired, decideWithin }
  const provisioned = await provisionMerchant({ url, key: administratorKey(parsed), merchantId, body })
  return printProvisioned(provisioned, { name: `merchant ${merchantId}`, json, sentence }, io)
}

function sentence(name: string, what: string, answer: JsonObject): string {
  const { state, currency, cutOff, timeZone, window } = answer
  const ends = windowText(window as WindowPolicy)
  const settings = `${state}, currency ${currency}, cut-off ${cutOff} ${timeZone}, window ${ends}`
  return `${name}: ${what}, ${settings}, ${rulesText(answer)}`
}

/** As `--window` takes it. */
const windowText = (window: WindowPolicy): string =>
  window.kind === 'minutes' ? `minutes:${window.minutes}` : window.kind

const rulesText = ({ lateReversals, reasonRequired, decideWithin }: JsonObject): string =>
  [
    lateReversals === 'refuse' ? 'late reversals refused' : 'late reversals allowed',
    ...(reasonRequired === true ? ['reason required'] : []),
    `voids kept ${decideWithin === 'window' ? 'for the window' : `${decideWithin} s`}`,
  ].join(', ')
