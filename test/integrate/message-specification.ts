/** @module The text of docs/integrate/message-specification.md. */

import { UNSUPPORTED } from '../../src/iso8583/answer.ts'
import { NETWORK_MANAGEMENT_CODES, REVERSAL_REASONS, TRANSACTION_TYPES } from '../../src/iso8583/names.ts'
import { FIELD_NOTES } from './field-notes.ts'
import { fieldTable } from './field-rows.ts'
import { frameMap } from './frame-map.ts'
import { code, GENERATED, page, table } from './markdown.ts'
import { answerMatrix, formTable, requestMatrix } from './message-rows.ts'
import { hexOf } from './node-ciphers.ts'
import { reasonTable, SIGN_ON_CODES } from './reason-rows.ts'
import type { Sample } from './recorder.ts'

const FRAME = `## The frame

A message travels in a frame: \`LEN(2) TPDU(5) HEADER(6) MTI(2) BITMAP(8) FIELDS…\`. [transport.md](transport.md) says how the
frame travels.

- **LEN**: 2 bytes, binary, big endian. It counts all bytes after itself. The service ignores bytes after that length.
- **TPDU**: \`60\`, destination (2 bytes), source (2 bytes). The answer swaps destination and source.
- **HEADER**: 6 bytes. The service accepts any value and returns it, except for the sixth hexadecimal digit. In an answer that
  digit is \`3\` when the terminal must sign on, otherwise \`0\`.
- **MTI**: 4 digits, 2 bytes of BCD.
- **BITMAP**: 8 bytes. The leftmost bit is bit 1. Bit N is set when field N is there. Bit 1 is never set: there is no second bitmap.
- **FIELDS**: in the order of their numbers, without separators.

A serial frame is also accepted: \`STX(02) LEN(2, BCD) DATA ETX(03) LRC\`. DATA starts at the TPDU. LEN counts DATA. LRC is the XOR
of all bytes from LEN to ETX. The answer to a serial frame is a serial frame.`

const CODINGS = `## Codings

| type | a value is | on the wire |
| --- | --- | --- |
| \`n\` | decimal digits | BCD: two digits in a byte |
| \`z\` | track data: digits and a separator | two nibbles in a byte; the separator \`=\` is nibble \`D\` |
| \`an\`, \`ans\` | printable ASCII, 0x20 to 0x7E | one byte for each character |
| \`b\` | bytes, shown in hexadecimal here | the bytes |

- **Prefix**: a field of variable length starts with its length in BCD. One byte holds 2 digits, two bytes hold 4 digits.
- **The prefix counts** digits for \`n\`, nibbles for \`z\`, characters for \`an\` and \`ans\`, bytes for \`b\`. So a card number of 16
  digits has the prefix \`16\` and 8 bytes.
- **Odd counts**: an odd number of digits leaves one nibble free. "0 nibble right" means that the digits start at the left and the
  last nibble is 0. "0 nibble left" means that the first nibble is 0.
- **Short texts**: a fixed \`an\` or \`ans\` field is filled with blanks on the right.
- **Texts in GBK**: field 63 of an answer may hold Chinese text in GBK. So it is type \`b\`.`

const RECOGNISED = `## How a message is recognised

MTI and field 60 name the transaction. Fields 3 and 25 must not contradict them, except in a reversal. Anything else returns field 39 =
\`40\`. A request whose MTI has 4 as its second digit gets HTTP 503 with an empty body instead.`

const recognisedNotes = `- Digits 3 and 4 of field 3 may name an account type: \`00\`, \`10\`, \`20\`, \`30\` or \`40\`. Under a MAC profile with "canonical bytes
  only" ([mac-algorithms.md](mac-algorithms.md)) they must be \`00\`.
- A reversal has the same fields 3, 11, 25, 60.1 and 60.2 as the message that it reverses.
- A repeated message keeps its MTI, or has \`0201\` or \`0401\`. \`0420\` and \`0421\` are reversals too, and get \`0430\`.
- A reversal needs fields 11, 41, 42, 60.1 and 60.2, and a right MAC. Any other field may have any content.
- MAC "by setting": \`settlementMac\` of the terminal is \`required\` (the default) or \`optional\`.`

const REQUESTS = `## Requests

- **M**: mandatory. Without 41 the answer is field 39 = \`97\`, without 42 \`03\`, without 60 \`40\`, without 64 \`A0\`, without another field \`30\`.
  A reversal without 11, 41, 42 or 60 gets HTTP 503 with an empty body.
- **O**: optional. The service compares it, returns it, or sends it to the acquirer.
- **I**: ignored. Terminals usually send it, and the service does not use it.

The service accepts and ignores every other field of the field table. A field that is not in the field table makes the message
unreadable: HTTP 400, empty body.`

const requestNotes = `- The card of a sale or void comes in field 2 or in field 35. Both together must name the same card.
- A void without a readable card number must name the sale's RRN in field 37.
- An unknown RRN in field 37 of a void is 12 zeros, or field 37 is absent. Field 61 may be absent when field 37 has the RRN.
- With \`voidForms\` = \`lenient\` a void may lack field 4, and may have neither card nor RRN.
- Field 11 is never six zeros.
- Card number, expiry, tracks, PIN block and chip data are never stored.`

const ANSWERS = `## Answers

- **E**: as in the request, where the request has it.
- **S**: set by the service. Field 38 is there only in an approval.
- **R**: set by the service in a refusal only.

Compare the MTI and fields 3, 4, 11, 41 and 42 with the request before you believe an answer.`

const answerNotes = `- Field 64 is in an answer when the request's MAC was right. \`A0\`, \`97\`, \`03\`, \`58\`, \`40\`, and \`77\` without keys, come
  before the MAC is checked. So they are not signed.
- A settlement has no field 39. The codes in field 48 say how the comparison went. A refused settlement has field 39 and code 3.
- The answer to a transaction that the service does not do (\`40\`) has these fields, as far as the request has them: ${[
  ...UNSUPPORTED.echo,
  ...UNSUPPORTED.own,
]
  .sort((a, b) => a - b)
  .join(', ')}.
- If the card came in field 35 only, field 2 of the answer holds its number.`

const named = (head: readonly string[], names: Readonly<Record<string, string>>): string =>
  table(
    head,
    Object.entries(names)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([value, name]) => [`\`${value}\``, name]),
  )

const RESPONSE_CODES = `## Field 39 of an answer

\`00\` means done. With every other code this message did nothing. One reason has one text, and several reasons may share a code. The
text is in field 63, so print it.

If field 39 is one of ${SIGN_ON_CODES.map((value) => `\`${value}\``).join(', ')}, sign on before you try again. The header of the answer
requires it too. When the outcome is not known, there is no answer at all: see [transport.md](transport.md).`

export const messageSpecification = (samples: readonly Sample[]): string => {
  const example = samples.find(({ name }) => name.endsWith('-void'))
  if (example === undefined) throw new Error('no void among the samples')
  return page(
    '# Message specification',
    GENERATED,
    `ISO 8583 messages of POS terminals, as UnionPay terminals speak it, as this service reads and writes it. The tables come from
\`src/iso8583/spec.ts\`, \`src/iso8583/cup.ts\` and \`src/iso8583/answer.ts\`. [../protocol.md](../protocol.md) has the background,
[../glossary.md](../glossary.md) the words.`,
    FRAME,
    '### A void, byte by byte',
    `Sample [${example.name}](samples/${example.name}.txt):`,
    code(hexOf(example.request).replaceAll(/.{64}/g, '$&\n')),
    frameMap(example.request),
    CODINGS,
    '## The field table',
    'These are all fields. Types, lengths and alignment are also in the files of [packagers](packagers/README.md).',
    fieldTable(),
    FIELD_NOTES,
    RECOGNISED,
    formTable(),
    recognisedNotes,
    REQUESTS,
    requestMatrix(),
    requestNotes,
    ANSWERS,
    answerMatrix(),
    answerNotes,
    RESPONSE_CODES,
    reasonTable(),
    '## Codes in requests',
    'Field 39 of a reversal request says why. The service accepts any value:',
    named(['field 39', 'reason'], REVERSAL_REASONS),
    'Field 60.1. This service does types `00`, `22` and `23` only:',
    named(['60.1', 'transaction'], TRANSACTION_TYPES),
    'Field 60.3:',
    named(['60.3', 'meaning'], NETWORK_MANAGEMENT_CODES),
  )
}
