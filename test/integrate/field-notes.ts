/** @module The parts inside fields 22 to 63, in words, for the specification page. */

import { table } from './markdown.ts'

const FIELD_60 = table(
  ['part', 'digits', 'meaning'],
  [
    ['60.1', '2', 'transaction type: `22` sale, `23` void, `00` management'],
    ['60.2', '6', 'batch number of the terminal'],
    ['60.3', '3', 'network management code; `000` in sales, voids and reversals'],
    [
      '60.4 and on',
      '0 to 8',
      'read capability (`6` contactless, `5` chip, `2` stripe), chip condition, and more',
    ],
  ],
)

const FIELD_48 = table(
  ['digits', 'in a settlement (62 digits)'],
  [
    ['12', 'domestic cards: sum of debits (sales), in minor units'],
    ['3', 'number of debits'],
    ['12', 'sum of credits (voids)'],
    ['3', 'number of credits'],
    ['1', 'code: `0` in a request; in an answer `1` equal, `2` different, `3` error'],
    ['31', 'the same for foreign cards; zeros here'],
  ],
)

const FIELD_63 = table(
  ['bytes', 'in an answer'],
  [
    ['3', 'card organisation: `CUP`'],
    ['20', 'text of the issuer'],
    ['20', 'text of the network'],
    ['20', 'text of the acquirer: in a refusal, the reason'],
    ['up to 60', 'text for the terminal: in a refusal, what to do; only with `texts: long`'],
  ],
)

export const FIELD_NOTES = `## Parts of fields

**Field 4**: the amount in minor units (1234 is 12.34). It is never zero in a sale, void or reversal.

**Fields 12 and 13**: time and date of the answer, in the time zone of the merchant. A terminal can set its clock by a sign-on.

**Field 15**: the date of the next cut-off.

**Field 22**: digits 1 and 2 say how the card was read: \`01\` by hand, \`02\` stripe, \`05\` chip, \`07\` contactless. Digit 3: \`1\` with PIN,
\`2\` without. Its three digits start at the left: \`072\` is \`0720\` on the wire.

**Field 37**: the retrieval reference number (RRN). The service makes one for every answer. A void request names the RRN of the sale.

**Field 39**: in an answer the response code. In a reversal request the reason.

**Field 44**: 11 characters for the receiving institution, then 11 for the acquiring institution, both filled with blanks.

**Field 48** depends on the message. In a settlement:

${FIELD_48}

In a batch upload (60.3 = \`201\`): the number of items (2 digits, 1 to 8), then 40 digits for each item. They are card class 2 (\`00\`
domestic), STAN 6, card number 20 with zeros on the left, amount 12. An upload of one chip transaction (60.3 = \`203\` to \`206\`, \`208\`, \`209\`) needs
no field 48. In the end of an upload (60.3 = \`202\` or \`207\`): the number of all
items, 4 digits. [batch-and-stan.md](batch-and-stan.md) says what an item is.

**Field 53**: if digit 3 is \`1\`, the tracks are encrypted. Then the service does not read a card number from field 35.

**Field 60**:

${FIELD_60}

The field ends after any whole part. So 8, 11, 12, 13, 14 or 17 digits are all right. The answer returns it as it came. Only the
answer to a sign-on has another 60.2: the batch that is open. The service does not compare 60.2 of a sign-on, echo or sign-off.

**Field 61** of a void: batch number (6 digits) and STAN (6) of the sale, and optionally its date (MMDD, 4). A reversal does not need
it: a reversal names its message by its own fields 11 and 60.

**Field 62** of a sign-on answer: the working keys. [mac-algorithms.md](mac-algorithms.md) shows how to open it.

**Field 63**: in a request the operator, 3 characters. In an answer:

${FIELD_63}

The texts are in GBK, or in ASCII and English if the terminal is provisioned with \`textEncoding: "ascii"\`. Two refusals come before the
service knows the terminal, so they are always in GBK: \`97\`, and \`40\` for a transaction that is not in the table below. An approval has
the first 3 bytes only. A refusal has 63 bytes, unless the terminal is provisioned with \`texts: "long"\`.`
