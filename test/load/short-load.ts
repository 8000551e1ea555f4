/** @module The options of a load in a test: each kind of message comes, in less than a second. */

import { readOptions } from './options.ts'

export const SHORT_LOAD = readOptions(
  [
    ...['--rate', '300', '--duration', '0.8', '--terminals', '18', '--connections', '16', '--floors', '0'],
    ...[
      '--mix',
      'sale=30,void=25,inquiry=5,copy=15,reversal=15,rival=8,late=7',
      '--lose',
      '0.05',
      '--seed',
      '7',
    ],
  ],
  7,
)
