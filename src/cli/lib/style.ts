/** @module Colours where a person is looking: on a TTY that did not ask for none. */

const colours = { dim: '2', bold: '1', red: '31', green: '32', yellow: '33', cyan: '36' } as const
export type Colour = keyof typeof colours

const isOn = process.stdout.isTTY === true && !process.env.NO_COLOR

export const paint = (colour: Colour, text: string): string =>
  isOn ? `\u001b[${colours[colour]}m${text}\u001b[0m` : text
