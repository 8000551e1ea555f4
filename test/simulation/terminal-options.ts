/** @module The options of a terminal of a world, and the actions of its operator. */

import type { MacProfile } from '../../src/domain/terminal-profile.ts'
import type { PackForms } from '../../src/iso8583/message.ts'
import type { TestTerminal } from './terminal.ts'

/** The usual time that a terminal waits for an answer. */
export const DEADLINE_MS = 60_000

export const ACTIONS = ['sale', 'void', 'reverse', 'settle', 'signOn', 'resend', 'echo'] as const
export type ActionWeights = Readonly<Record<(typeof ACTIONS)[number], number>>

export interface TestTerminalOptions {
  readonly merchantId: string
  readonly terminalId: string
  readonly macProfile: MacProfile
  readonly tmk: Uint8Array
  readonly settlementMac: boolean
  /** Whether its voids and reversals have as few fields as they may. */
  readonly sendsLeast?: boolean
  /** 0 and left without it. */
  readonly forms?: PackForms
  readonly weights: ActionWeights
  readonly cards: readonly string[]
  /** The time it waits for an answer, in milliseconds. */
  readonly deadline?: number
  /** Mean time between two actions, in milliseconds. */
  readonly pause: number
  /** For sales made elsewhere and captured: `captureSales` sends them and adds them to the terminal's log. */
  readonly captureSales:
    | ((testTerminal: TestTerminal, stan: string, amount: number, pan: string) => Promise<void>)
    | null
}
