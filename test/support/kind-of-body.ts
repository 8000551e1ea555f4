/** @module The kind of an entry, from the code in its body. */

import { STORED_KINDS } from '../../src/store/entry/entry.ts'

/** `body`: JSON text. */
export const kindOfBody = (body: unknown): string => STORED_KINDS[JSON.parse(String(body))[1]] ?? 'unknown'
