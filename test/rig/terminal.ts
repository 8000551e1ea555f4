/**
 * @module A terminal that sends many messages at once: frames under its own key, sent to any isolate, answers
 * checked as a terminal does.
 */

import type { Core } from '../../src/core/instance.ts'
import { macAlgorithmOf } from '../../src/domain/mac-profile.ts'
import { buildFrame, ISO_CONTENT_TYPE, type Send } from '../../src/iso8583/frame.ts'
import { packWithMac } from '../../src/iso8583/mac.ts'
import type { Message } from '../../src/iso8583/message.ts'
import { type Exchange, exchangeFrame, type Link } from '../../src/terminal/exchange.ts'
import { type TerminalState, takeStan } from '../../src/terminal/state.ts'
import { openMacKey } from '../../src/terminal/working-keys.ts'
import { sendHttp } from './http.ts'
import { RIG_TMK, terminalOf } from './seed.ts'

const macProfile = 'cup-ecb'
const tpdu = Uint8Array.of(0x60, 0x00, 0x03, 0x00, 0x00)
const header = Uint8Array.of(0x60, 0x31, 0x00, 0x31, 0x13, 0x12)

export interface TestTerminal {
  readonly state: TerminalState
  /** The bytes of a message with its MAC. */
  frame(message: Message): Uint8Array
  /** Sends bytes. `noAnswer` is the reason for a missing answer. After `hangUp` the sender does not wait. */
  send(
    frame: Uint8Array,
    url: URL,
    hangUp?: AbortSignal,
  ): Promise<{ readonly exchange: Exchange; readonly noAnswer: string | null }>
  /** Requests new keys and does not use them. */
  signOnUnused(url: URL): Promise<void>
}

/** Signs a seeded terminal on. */
export async function openTerminal(core: Core, terminalId: string, url: URL): Promise<TestTerminal> {
  const terminal = terminalOf(core, terminalId, url)
  const { outcome } = await terminal.signOn()
  const { state } = terminal
  if (state.keys === null) throw new Error(`${terminalId} signs on: ${outcome}`)
  const opened = openMacKey(core, macProfile, RIG_TMK, state.keys)
  if (!opened.ok) throw new Error(opened.error)
  const macKey = opened.value
  const mac = (input: Uint8Array) => core.computeMac(macAlgorithmOf(macProfile), macKey, input)
  const now = () => performance.now()
  return {
    state,
    frame: (message) => buildFrame('tpdu', tpdu, header, packWithMac(message, mac), core.lrc),
    async send(frame, to, hangUp) {
      let noAnswer: string | null = null
      const send: Send = async (body) => {
        const init = {
          method: 'POST',
          headers: { 'content-type': ISO_CONTENT_TYPE },
          body: Uint8Array.from(body),
        }
        const answer = await sendHttp(new URL('/v1/iso8583', to), init, hangUp)
        if (answer?.status === 200) return answer.bytes
        noAnswer = answer === null ? 'no connection' : `HTTP ${answer.status}`
        return null
      }
      const link: Link = { core, send, now, macProfile, frame: 'tpdu', tpdu, header }
      return { exchange: await exchangeFrame(link, 'resend', frame, macKey), noAnswer }
    },
    async signOnUnused(to) {
      takeStan(state)
      await terminalOf(core, terminalId, to).signOn()
    },
  }
}
