/** @module The text of docs/integrate/mac-algorithms.md. */

import { isMalleable, makLengthOf } from '../../src/domain/mac-profile.ts'
import { MAC_PROFILES, type MacProfile } from '../../src/domain/terminal-profile.ts'
import {
  EXAMPLE_INPUT,
  EXAMPLE_TMK,
  KEY_EXAMPLES,
  type KeyExample,
  MAC_EXAMPLES,
  type MacExample,
  type WrappedKey,
} from './mac-examples.ts'
import { code, columns, GENERATED, numbered, page, table } from './markdown.ts'
import { cipherOf, hexOf } from './node-ciphers.ts'

const CIPHER_NAMES = { des: 'DES', '3des': 'two-key 3DES', sm4: 'SM4' } as const

interface Algorithm {
  readonly title: string
  /** The content of field 64. */
  readonly field64: string
  readonly steps: readonly string[]
}

const PAD_8 =
  'Pad the input with zero bytes to a multiple of 8. Add nothing if its length is a multiple of 8.'
const PAD_16 = PAD_8.replaceAll('8', '16')
const FOLD_8 = 'XOR all 8-byte blocks. The result is the fold, 8 bytes.'
const HEX_8 =
  'Write the fold as 16 upper-case hexadecimal characters. The text is 16 ASCII bytes, two halves of 8.'
const HEX_8_OUT =
  'Write the result as upper-case hexadecimal. The first 8 characters, as ASCII, are field 64.'

const ecb = (cipher: string): readonly string[] => [
  PAD_8,
  FOLD_8,
  HEX_8,
  `Encrypt the first half with ${cipher} under the MAC key.`,
  'XOR the result with the second half.',
  `Encrypt again with ${cipher} under the same key.`,
  HEX_8_OUT,
]

const chain = (key: string): readonly string[] => [
  PAD_8,
  'Set the chain to 8 zero bytes.',
  `For each 8-byte block: XOR it with the chain, then encrypt with DES under ${key}. The result is the new chain.`,
]

const RETAIL: readonly string[] = [
  ...chain('the left half of the MAC key'),
  'After the last block, decrypt the chain with DES under the right half of the MAC key.',
  'Encrypt the result with DES under the left half.',
]

const ALGORITHMS: Readonly<Record<MacProfile, Algorithm>> = {
  'cup-ecb': { title: 'UnionPay ECB', field64: '8 hex characters (ASCII)', steps: ecb('DES') },
  'cup-ecb-16': {
    title: 'UnionPay ECB with a 16-byte key',
    field64: '8 hex characters (ASCII)',
    steps: ecb('two-key 3DES'),
  },
  'x9.9': {
    title: 'ANSI X9.9, DES CBC-MAC',
    field64: '8 bytes',
    steps: [...chain('the MAC key'), 'The chain after the last block is field 64.'],
  },
  'x9.19': {
    title: 'ANSI X9.19, retail MAC',
    field64: '8 bytes',
    steps: [...RETAIL, 'The 8 bytes are field 64.'],
  },
  'x9.19-bin4': {
    title: 'ANSI X9.19, four bytes',
    field64: '4 bytes, then 4 zero bytes',
    steps: [...RETAIL, 'The first 4 bytes, then 4 zero bytes, are field 64.'],
  },
  'x9.19-hex4': {
    title: 'ANSI X9.19, four bytes as text',
    field64: '8 hex characters (ASCII)',
    steps: [...RETAIL, 'Write the first 4 bytes as 8 upper-case hexadecimal characters. They are field 64.'],
  },
  'cup-sm4': {
    title: 'UnionPay SM4',
    field64: '8 hex characters (ASCII)',
    steps: [
      PAD_16,
      'XOR all 16-byte blocks. The result is the fold, 16 bytes.',
      'Write the fold as 32 upper-case hexadecimal characters. The text is 32 ASCII bytes, two halves of 16.',
      'Encrypt the first half with SM4 under the MAC key.',
      'XOR the result with the second half.',
      'Encrypt again with SM4 under the same key.',
      HEX_8_OUT,
    ],
  },
  'cup-sm4-bin': {
    title: 'UnionPay SM4, eight bytes',
    field64: '8 bytes',
    steps: [
      PAD_16,
      'XOR all 16-byte blocks. The result is the fold, 16 bytes.',
      'Write the fold as 32 upper-case hexadecimal characters. The text is 32 ASCII bytes, two halves of 16.',
      'Encrypt the first half with SM4 under the MAC key.',
      'XOR the result with the second half.',
      'Encrypt again with SM4 under the same key.',
      'The first 8 bytes are field 64.',
    ],
  },
  'xor-3des': {
    title: 'XOR fold and 3DES',
    field64: '8 bytes',
    steps: [PAD_8, FOLD_8, 'Encrypt the fold with two-key 3DES under the MAC key. The 8 bytes are field 64.'],
  },
}

const profileTable = (): string =>
  table(
    ['`macProfile`', 'algorithm', 'MAC key', 'cipher', 'field 64', 'canonical bytes only'],
    MAC_PROFILES.map((profile) => {
      const length = makLengthOf(profile)
      return [
        `\`${profile}\``,
        ALGORITHMS[profile].title,
        `${length} bytes`,
        profile.startsWith('x9.19') ? 'DES, both halves' : CIPHER_NAMES[cipherOf(profile, length)],
        ALGORITHMS[profile].field64,
        isMalleable(profile) ? 'yes' : 'no',
      ]
    }),
  )

function section({ profile, key, lines, mac }: MacExample): string {
  const { title, steps } = ALGORITHMS[profile]
  return [
    `## \`${profile}\`: ${title}`,
    numbered(steps),
    `Example: MAC key \`${key}\`, the message above. Field 64 is \`${hexOf(mac)}\`.`,
    code(columns(lines)),
  ].join('\n\n')
}

const keyLines = ({ name, wrapped, padding, cipher, checkValue, clear }: WrappedKey): [string, string][] => [
  [name, `${hexOf(wrapped)}  under the master key`],
  ...(padding === 0 ? [] : [['', `${'00'.repeat(padding)}  zeros`] as [string, string]]),
  ['  check value', `${hexOf(checkValue)}  sent by the service`],
  ['  decrypted', clear],
  ['  zeros encrypted', `${hexOf(checkValue)}…  by ${CIPHER_NAMES[cipher]}, the first 4 bytes`],
]

function keySection({ layout, profile, keys, field62 }: KeyExample): string {
  const family = profile.startsWith('cup-sm4') ? 'SM4' : 'two-key 3DES'
  return [
    `### 60.3 = \`${layout}\`, for example with \`${profile}\``,
    `Master key \`${EXAMPLE_TMK}\`, ${family}. Field 62 has ${field62.length} bytes:`,
    code(hexOf(field62)),
    code(columns(keys.flatMap(keyLines))),
  ].join('\n\n')
}

const COVERED = `## What the MAC covers

The input starts at the MTI and ends with the last field before field 64. It holds the bytes as they are sent:

- MTI, 2 bytes of BCD.
- Bitmap, 8 bytes. Bit 64 is set already.
- All fields, with their length prefixes and padding.

The input does not hold the 2-byte length, the TPDU, the header, or field 64. In a frame with a 2-byte length it starts at
offset 13 and ends 8 bytes before the end.

Which messages carry field 64 is in [message-specification.md](message-specification.md). The service computes the MAC over
the bytes as received. It signs an answer only after the MAC of the request was right.

Under a profile with "canonical bytes only" the service rejects a request whose padding nibbles are not zero (field 39 = \`30\`).
The XOR fold would not detect such a change.`

const WORKING_KEYS = `## Working keys

A terminal holds one terminal master key (TMK). [provisioning.md](provisioning.md) shows how to register it. A sign-on
returns the working keys in field 62, encrypted under the TMK:

- **TPK** encrypts PIN blocks.
- **MAK** is the MAC key. (Chinese documents often call it TAK.)
- **TDK** encrypts tracks.

The keys expire 31 days after the sign-on, and after 24 hours when no message has used them. Then sign on again. Each record in field 62 is the encrypted key, padded with zero bytes to the record's length, and a check value of 4 bytes.

${numbered([
  'Choose field 60.3 of the sign-on by your profile: `003` for most, `001` for single-length keys, `004` with a track key, `006` for `cup-sm4` and `cup-sm4-bin`.',
  'Split field 62 into its records: key, zeros if any, check value.',
  'Decrypt each key block by block (ECB) under the TMK. Use DES for an 8-byte TMK, two-key 3DES for 16 bytes, and SM4 for `cup-sm4` and `cup-sm4-bin`.',
  'Compute the check value (KCV): encrypt one block of zeros under the clear key and take the first 4 bytes. An 8-byte key uses DES, a 16-byte key two-key 3DES, an SM4 key SM4.',
  'Compare it with the check value in the record. If one differs, do not use the keys. Check the master key first.',
])}

With layout \`003\` or \`004\` and a profile with an 8-byte MAC key, the MAK record has 8 bytes of key and 8 zero bytes. Decrypt only
the first 8 bytes. Do not decrypt the zeros. Working keys for DES have odd parity. A master key needs none.

The service sends the same keys again for the same layout until a request with a right MAC uses them. So a lost sign-on answer
does no harm: sign on again. After the first right MAC the older keys are dead. The next sign-on then returns new keys.

A \`cup-sm4\` or \`cup-sm4-bin\` terminal has a 16-byte SM4 master key. It signs on with 60.3 = \`006\`. Layouts \`001\`, \`003\` and \`004\` return field 39 = \`40\`.
The other profiles cannot use \`006\`. A profile with a 16-byte MAC key cannot use \`001\`.`

const MISTAKES = `## Common mistakes

${table(
  ['you see', 'likely cause'],
  [
    [
      'field 39 = `A0` on every message',
      'the MAC key is still encrypted, or all 16 bytes of an 8-byte record were decrypted',
    ],
    ['`A0`, and the check values are right', 'the input starts at the TPDU or header; it starts at the MTI'],
    ['`A0` with `cup-ecb` only', 'the hexadecimal text is lower case, or the bytes are not written as text'],
    [
      '`A0` on messages of some lengths only',
      'a block of zeros is added to an input that is whole already, or none to one that is not',
    ],
    ['`A0` with `x9.19` only', 'the key halves are swapped, or the last two steps are missing'],
    ['a check value differs', 'wrong master key, or DES in place of 3DES for a 16-byte key'],
    [
      'the library refuses the key: "degenerates to single DES"',
      'both halves of the key are equal; use single DES with one half, the result is the same',
    ],
    [
      'the library has no single DES',
      'use 3DES with the same 8 bytes two or three times as its key, the result is the same',
    ],
    [
      '`A0` after a good day',
      'someone signed on with the same terminal number and used the new keys: sign on again',
    ],
  ],
)}`

export const macAlgorithms = (): string =>
  page(
    '# MAC algorithms and working keys',
    GENERATED,
    `Every value on this page comes from node:crypto. A test compares it with the service's own core. The same examples are in
[mac-examples.json](mac-examples.json) for your own tests.`,
    COVERED,
    '## The profiles',
    'The `macProfile` of a terminal is set when it is provisioned.',
    profileTable(),
    '## The example message',
    `All examples use one short reversal that the service accepts: 0400 with fields 4, 11, 41, 42, 60 and 64. The input is
${EXAMPLE_INPUT.length} bytes long, so all profiles have to pad it:`,
    code(hexOf(EXAMPLE_INPUT).replaceAll(/.{64}/g, '$&\n')),
    ...MAC_EXAMPLES.map(section),
    WORKING_KEYS,
    ...KEY_EXAMPLES.map(keySection),
    MISTAKES,
  )

/** The examples for machines. */
export const macExamplesJson = (): string =>
  `${JSON.stringify(
    {
      input: hexOf(EXAMPLE_INPUT),
      macs: MAC_EXAMPLES.map(({ profile, key, mac }) => ({ macProfile: profile, key, field64: hexOf(mac) })),
      masterKey: EXAMPLE_TMK,
      signOns: KEY_EXAMPLES.map(({ layout, profile, field62, keys }) => ({
        layout,
        macProfile: profile,
        field62: hexOf(field62),
        keys: keys.map(({ clear, checkValue }) => ({ clear, checkValue: hexOf(checkValue) })),
      })),
    },
    null,
    2,
  )}\n`
