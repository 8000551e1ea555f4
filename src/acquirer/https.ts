/**
 * @module An acquirer that speaks ISO 8583 over HTTPS (protocol.md §1.2, §3.9). Requests carry our MAC, and a
 * response counts only as the acquirer's profile says.
 */

import { buildFrame, type Send } from '../iso8583/frame.ts'
import { type MacKey, packSigned } from '../iso8583/mac.ts'
import { asksSignOn, checkResponse, type ResponseRules, WRONG_MAC } from './check-response.ts'
import { type AcquirerKeys, fixedKey, newestKey, type VersionedKey } from './keys.ts'
import type { Acquirer, AcquirerRequest, AcquirerResponse } from './port.ts'
import type { AcquirerProfile } from './profile.ts'
import { messageFor, unsendable } from './requests.ts'

export interface HttpsOptions extends AcquirerProfile, Pick<MacKey, 'core'>, Pick<ResponseRules, 'hasDays'> {
  /** The keys of sign-ons. Absent: `macKey` is for good. */
  readonly keys?: AcquirerKeys
  /** Returns null without an answer: too late, an HTTP status other than 200, or a network failure. */
  readonly send: Send
}

/** A remote acquirer. `ask` never throws: an error makes the outcome unknown. */
export function httpsAcquirer(given: HttpsOptions): Acquirer {
  const options: Options = { ...given, keys: given.keys ?? fixedKey(given.macKey) }
  return {
    takesSales: true,
    receivingInstitution: '',
    isRemote: true,
    recovery: options.recovery,
    deadlineMs: options.deadlineMs ?? 0,
    async ask(request) {
      try {
        return await ask(options, request)
      } catch (error) {
        // A value that does not fit its field, or an error of `send`. The name of an error is safe to log, its message
        // is not.
        return { kind: 'unknown', why: error instanceof Error ? error.name : 'failed' }
      }
    },
  }
}

type Options = HttpsOptions & { readonly keys: AcquirerKeys }

async function ask(options: Options, request: AcquirerRequest): Promise<AcquirerResponse> {
  const refusal = unsendable(request)
  // Annul does not translate a PIN block or track from its own keys. Nothing was sent, so the decline is final.
  if (refusal === 'under_our_keys') return { kind: 'declined', reason: 'unsupported_transaction' }
  // An earlier try may have arrived, and a sale cannot be sent again without its card.
  if (refusal === 'without_card') return { kind: 'unknown', why: 'the card is not kept' }
  const { keys } = options
  const key = await newestKey(keys)
  if (key === null) return { kind: 'unknown', why: 'no key of a sign-on' }
  const first = await exchange(options, request, key)
  if (!first.asksSignOn || !(await keys.renew(key.version)) || !isFirstTry(request)) return first.response
  // The acquirer did not read the first copy. It may lie, so this one is a copy. Later tries are the recovery's.
  const newer = await keys.newest()
  return newer === null
    ? first.response
    : (await exchange(options, { ...request, isCopy: true }, newer)).response
}

/** Whether no try was before this one. Only a first try of a sale has the card. */
const isFirstTry = ({ kind, isCopy }: AcquirerRequest): boolean =>
  (kind === 'sale' || kind === 'void') && isCopy !== true

interface Exchanged {
  readonly response: AcquirerResponse
  readonly asksSignOn: boolean
}

/** Sends a request under this key, and wipes the key. */
async function exchange(
  options: Options,
  request: AcquirerRequest,
  { version, macKey }: VersionedKey,
): Promise<Exchanged> {
  const { core, tpdu, header } = options
  const rules = { ...options, macKey }
  try {
    const sent = messageFor(request)
    const frame = buildFrame('tpdu', tpdu, header, packSigned(rules, sent), core.lrc)
    const answer = await options.send(frame)
    if (answer === null) return { response: { kind: 'unknown', why: 'no answer' }, asksSignOn: false }
    const check = (key: Uint8Array) => checkResponse({ ...rules, macKey: key }, request, sent, answer)
    if (options.keys.areRenewed && asksSignOn(rules, sent, answer))
      return { response: { kind: 'unknown', why: 'the acquirer asks for a sign-on' }, asksSignOn: true }
    const response = check(macKey)
    return {
      response: isWrongMac(response) ? await checkAfter(options.keys, version, response, check) : response,
      asksSignOn: false,
    }
  } finally {
    macKey.fill(0)
  }
}

const isWrongMac = (response: AcquirerResponse): boolean =>
  response.kind === 'unknown' && response.why === WRONG_MAC

/** Checks a response under the keys of later sign-ons. The acquirer may have changed its key while it answered. */
async function checkAfter(
  keys: AcquirerKeys,
  version: number,
  first: AcquirerResponse,
  check: (macKey: Uint8Array) => AcquirerResponse,
): Promise<AcquirerResponse> {
  let response = first
  for (const { macKey } of await keys.after(version)) {
    if (isWrongMac(response)) response = check(macKey)
    macKey.fill(0)
  }
  return response
}
