/** @module The options of a load in a test: each kind of message comes, in less than a second. */

import { readOptions } from './options.ts'

export const SHORT_LOAD = readOptions(
  [
    ...['--rate', '300', '--duration', '0.8', '--terminals', '18', '--connections', '16', '--floors', '0'],
    ...[
      '--mix',
      'sale=35,void=10,inquiry=5,copy=15,reversal=12,rival=15,late=8',
      '--lose',
      '0.05',
      '--seed',
      '7',
    ],
  ],
  7,
)
