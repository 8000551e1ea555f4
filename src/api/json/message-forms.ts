/** @module The members of a terminal's profile that say in which forms it sends and reads messages. */

import * as z from 'zod'
import {
  CARD_CHECKS,
  ENTRY_MODE_SIDES,
  MAX_HEADER_LENGTH,
  PAD_NIBBLES,
  TEXTS_FORMS,
  VOID_FORMS,
} from '../../domain/terminal-profile.ts'

export const messageFormSchemas = {
  texts: z
    .enum(TEXTS_FORMS)
    .describe(
      'Length of field 63 in a refusal: at most 63 bytes, or at most 163. `short` for a new terminal.',
    ),
  padding: z
    .enum(PAD_NIBBLES)
    .describe('The nibble that fills an odd number of digits. `0` for a new terminal.'),
  entryMode: z
    .enum(ENTRY_MODE_SIDES)
    .describe('The side of the three digits of field 22. `left` for a new terminal.'),
  cardCheck: z
    .enum(CARD_CHECKS)
    .describe('Whether card numbers must have a right Luhn digit. `none` for a new terminal.'),
  headerLength: z
    .int()
    .min(0)
    .max(MAX_HEADER_LENGTH)
    .describe('Bytes between TPDU and message, without a TLV block. 6 for a new terminal.'),
  headerTlv: z
    .boolean()
    .describe('Whether a TLV block may stand beside the header. `false` for a new terminal.'),
  voidForms: z
    .enum(VOID_FORMS)
    .describe('`lenient` accepts further forms of a void, with weaker checks. `strict` for a new terminal.'),
}
