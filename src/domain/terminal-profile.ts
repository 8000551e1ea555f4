/** @module The profile of a terminal: its state, its MAC profile, and the forms in which it sends and reads messages. */

/** MAC algorithm and key length of a terminal (protocol.md §4). The CLI uses the same names. */
export const MAC_PROFILES = [
  'cup-ecb',
  'cup-ecb-16',
  'x9.9',
  'x9.19',
  'x9.19-bin4',
  'x9.19-hex4',
  'cup-sm4',
  'xor-3des',
  'cup-sm4-bin',
] as const
export type MacProfile = (typeof MAC_PROFILES)[number]

export const TEXTS_FORMS = ['short', 'long'] as const
export const PAD_NIBBLES = ['0', 'F'] as const
export const ENTRY_MODE_SIDES = ['left', 'right'] as const
export const CARD_CHECKS = ['none', 'luhn'] as const
export const VOID_FORMS = ['strict', 'lenient'] as const

/** The most bytes between TPDU and message, without a TLV block. */
export const MAX_HEADER_LENGTH = 64

export interface TerminalProfile {
  readonly status: 'active' | 'blocked' | 'stolen' | 'retired'
  readonly macProfile: MacProfile
  /** Encoding of the texts in field 63. */
  readonly textEncoding: 'gbk' | 'ascii'
  /** Whether settlement messages (0500, 0320) must carry field 64. */
  readonly settlementMac: 'optional' | 'required'
  /** Length of field 63 in a refusal (protocol.md §2.3): `short` has at most 63 bytes, `long` at most 163. */
  readonly texts: (typeof TEXTS_FORMS)[number]
  /** The nibble that fills an odd number of digits. */
  readonly padding: (typeof PAD_NIBBLES)[number]
  /** The side of the three digits of field 22. */
  readonly entryMode: (typeof ENTRY_MODE_SIDES)[number]
  /** Whether card numbers must have a right Luhn digit. */
  readonly cardCheck: (typeof CARD_CHECKS)[number]
  /** Bytes between the TPDU and the message, 0 to 64, without a TLV block. */
  readonly headerLength: number
  /** Whether a TLV block may stand before or behind the header. */
  readonly headerTlv: boolean
  /** `lenient`: further forms of a void are accepted, with weaker checks. */
  readonly voidForms: (typeof VOID_FORMS)[number]
}

/** The members that entries before 2026-12-01 lack. They then have these values. */
export type MessageForms = Pick<
  TerminalProfile,
  'texts' | 'padding' | 'entryMode' | 'cardCheck' | 'headerLength' | 'headerTlv' | 'voidForms'
>

/** The values of a terminal that has no others. */
export const USUAL_FORMS: MessageForms = {
  texts: 'short',
  padding: '0',
  entryMode: 'left',
  cardCheck: 'none',
  headerLength: 6,
  headerTlv: false,
  voidForms: 'strict',
}

/** The profile as an entry has it. An absent member is one that the entry does not change. */
export type StoredProfile = Omit<TerminalProfile, keyof MessageForms> & Partial<MessageForms>
