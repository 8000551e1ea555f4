/** @module The hash of an entry. It covers the entry before it, the columns of its row, and its body. */

import type { EntryColumns } from './columns.ts'

/**
 * The bytes that a hash covers, beside the hash before it: the columns as a JSON list, then the body. The list ends
 * where its bracket closes, so no other columns and body give the same text.
 */
export const sealedContent = ({ terminalId, seq, messageKey, rrn }: EntryColumns, body: string): string =>
  JSON.stringify([terminalId, seq, messageKey, rrn]) + body

/**
 * SHA-256 of 64 bytes: the hash before the entry, and SHA-256 of `content` in UTF-8. So a link can be shown without the
 * content. Both hashes are lower-case hex, 64 digits.
 */
export async function entryHash(previousHash: string, content: string): Promise<string> {
  const inner = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(content))
  const link = new Uint8Array(64)
  link.set(Uint8Array.fromHex(previousHash))
  link.set(new Uint8Array(inner), 32)
  return new Uint8Array(await crypto.subtle.digest('SHA-256', link)).toHex()
}
