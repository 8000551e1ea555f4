/** @module The scopes of bearer keys: the kinds of requests that a key may send. */

/** Every scope, in the order in which a key lists its own. */
export const SCOPES = ['read', 'sales:write', 'voids:write', 'terminals:write', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

/** The scopes that the key of a merchant may have. They are also its default. */
export const MERCHANT_SCOPES = ['read', 'sales:write', 'voids:write'] as const satisfies readonly Scope[]

/** The scopes as one text, each once, with a blank between them (RFC 6749 §3.3). */
export const scopeText = (scopes: readonly Scope[]): string =>
  SCOPES.filter((scope) => scopes.includes(scope)).join(' ')

/** The scopes in such a text. A word that is no scope is left out. */
export function scopesIn(text: string): Scope[] {
  const words = text.split(' ')
  return SCOPES.filter((scope) => words.includes(scope))
}
