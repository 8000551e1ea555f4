/** @module Colours on a terminal that shows them. `util.styleText` obeys NO_COLOR, and leaves files and pipes plain. */

import { styleText } from 'node:util'

export type Colour = 'dim' | 'bold' | 'red' | 'green' | 'yellow' | 'cyan'

export const paint = (colour: Colour, text: string): string =>
  styleText(colour, text, { stream: process.stdout })
