/** @module SQL about entries of a terminal's own sales and voids, as their keys and bodies tell them. */

import { ENTRY_TABLE } from './entry.ts'

/** Characters of the key of a terminal's message: terminal, batch, STAN, and one letter of a sale or void. */
const KEY_LENGTH = 8 + 6 + 6 + 1

const DOOR_BIT = ENTRY_TABLE.lines.find(({ name }) => name === 'door')?.bit ?? 0

/**
 * SQL condition: the entry is of a sale or void that a terminal sent. A captured sale has the key of a terminal, but its body names
 * another door. An outcome has a longer key. The mask of a body is its third value (docs/journal.md).
 */
export const isOwnMessage = (entry: string): string =>
  `length(${entry}.message_key) = ${KEY_LENGTH} and substr(${entry}.message_key, ${KEY_LENGTH}) in ('s', 'v')
    and (${entry}.body ->> 2) & ${DOOR_BIT} = 0`
