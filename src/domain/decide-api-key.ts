/** @module Bearer keys are made and revoked by entries: in the stream of their merchant, or in the stream of the region. */

import type { Actor } from './actor.ts'
import type { ApiKey } from './api-key.ts'
import { merchantStream } from './decide-merchant.ts'
import type { DraftEntry, Head } from './types.ts'

/** The stream of the administrators' keys in the journal. No terminal and no merchant has this name. */
export const REGION_STREAM = 'region'

export const keyStream = (merchantId: string | null): string =>
  merchantId === null ? REGION_STREAM : merchantStream(merchantId)

/** An entry that makes a key what it is from now on. */
export type ApiKeyEntry = DraftEntry & { readonly effects: { readonly apiKey: ApiKey } }

/** A change of a key: the kind of act, its time, and who asked for it. */
export interface ApiKeyAct {
  /** Message key of the request. Null for a change that needs no key of its own. */
  readonly messageKey: string | null
  /** HMAC-SHA-256 of the content, lower-case hex. Empty for a change without an idempotency key. */
  readonly contentFingerprint: string
  /** The act in words, never the key itself. */
  readonly request: Readonly<Record<string, string>>
  readonly actor: Actor
  readonly at: number
}

/** The entry after `head` of the stream of the key. */
export function apiKeyEntry(apiKey: ApiKey, act: ApiKeyAct, head: Head): ApiKeyEntry {
  const stream = keyStream(apiKey.merchantId)
  const { messageKey, ...rest } = act
  return {
    terminalId: stream,
    merchantId: apiKey.merchantId ?? '',
    kind: 'api_key',
    messageKey: messageKey ?? `${stream}|${head.seq + 1}`,
    door: 'json',
    answer: null,
    effects: { apiKey },
    ...rest,
  }
}
