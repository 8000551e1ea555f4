/** @module The text of docs/integrate/test-cards.md. */

import { SANDBOX_OUTCOMES } from '../../src/acquirer/sandbox.ts'
import { refusalOf } from '../../src/domain/decline-reason.ts'
import { testCard, WELL_KNOWN_TEST_CARDS } from '../../src/terminal/test-cards.ts'
import { GENERATED, page, table } from './markdown.ts'

const SHOWN = 10

const outcomes = (): string =>
  table(
    ['amount ends in', 'outcome', 'field 39'],
    [
      ...Object.entries(SANDBOX_OUTCOMES)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([digits, outcome]) =>
          outcome === 'unknown'
            ? [`\`${digits}\``, 'not known: HTTP 503, empty body; reverse it', 'none']
            : [`\`${digits}\``, refusalOf(outcome).en, `\`${refusalOf(outcome).responseCode}\``],
        ),
      ['anything else', 'approved', '`00`'],
    ],
  )

export const testCards = (): string =>
  page(
    '# Test cards',
    GENERATED,
    `Use these numbers only. Never send the number of a real card to a test system. The list comes from
\`src/terminal/test-cards.ts\`, and the virtual terminal accepts no other number.`,
    '## Numbers of this project',
    `The 1,000 numbers \`622500000000NNNC\`: NNN is 000 to 999, and C is the check digit (Luhn, ISO/IEC 7812-1). The first ${SHOWN}:`,
    table(
      ['NNN', 'card number'],
      Array.from({ length: SHOWN }, (_, n) => [String(n).padStart(3, '0'), `\`${testCard(n)}\``]),
    ),
    'The samples use NNN 001 with the expiry date `2812` (field 14) and the sequence number `001` (field 23).',
    '## Numbers that card schemes and processors publish',
    table(
      ['card number', 'digits'],
      WELL_KNOWN_TEST_CARDS.map((pan) => [`\`${pan}\``, String(pan.length)]),
    ),
    'The numbers with 14 and 15 digits are good tests: 15 digits leave one nibble free in field 2.',
    '## The check digit',
    `Number the digits from the right, starting with the last one before the check digit. Double the first, third, fifth digit and so
on. If a double is over 9, subtract 9. Add all digits. The check digit makes the sum a multiple of 10.`,
    '## Amounts that choose an outcome',
    `With the acquirer \`sandbox\` the last two digits of a sale's amount choose its outcome. The card does not matter. Voids and
reversals are always approved there.`,
    outcomes(),
  )
