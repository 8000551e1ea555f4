/** @module The demo's terminal, with a connection to the service that can lose a response. */

import { parseFrame } from '../../iso8583/frame.ts'
import { fromHex } from '../../iso8583/hex.ts'
import { unpack } from '../../iso8583/message.ts'
import { xorLrc } from '../../iso8583/serial-frame.ts'
import type { Exchange } from '../../terminal/exchange.ts'
import { newTerminalState } from '../../terminal/state.ts'
import { type ExchangeResult, VirtualTerminal } from '../../terminal/virtual-terminal.ts'
import { type DevServer, SEED } from '../dev/server.ts'
import { loadCore } from '../lib/core.ts'
import { Failure } from '../lib/failure.ts'
import { httpTransport } from '../lib/http-transport.ts'
import type { Screen } from './screen.ts'

export interface DemoTerminal {
  readonly terminal: VirtualTerminal
  /** Loses the response to the next message. */
  loseNext(): void
  /** The RRN in the lost response. The terminal never receives it; a back office can query it. */
  lostRrn(): string
}

interface Scene {
  readonly server: DevServer
  readonly terminalId: string
  readonly screen: Screen
}

export async function openTerminal({ server, terminalId, screen }: Scene): Promise<DemoTerminal> {
  const http = httpTransport(new URL('/unp/webtrans/WPOS', server.url))
  let loses = false
  let lost = new Uint8Array(0)
  const terminal = new VirtualTerminal({
    core: await loadCore(),
    send: async (frame) => {
      const answer = await http.send(frame)
      if (!loses || answer === null) return answer
      loses = false
      lost = Uint8Array.from(answer)
      return null
    },
    now: () => performance.now(),
    tmk: fromHex(server.credentials.terminalKey) ?? new Uint8Array(0),
    state: newTerminalState(SEED.merchantId, terminalId, 'cup-ecb'),
    settlementMac: true,
    observe: (exchange) => screen.exchange(exchange, http.silence() ?? 'lost on the way back'),
  })
  const lostRrn = (): string => {
    const frame = parseFrame(lost, xorLrc)
    const message = frame.ok ? unpack(frame.value.body) : undefined
    return (message?.ok && message.value.fields.get(37)) || ''
  }
  return {
    terminal,
    loseNext: () => {
      loses = true
    },
    lostRrn,
  }
}

/** Throws Failure if the terminal itself refused: then nothing was sent. */
export function made(outcome: ExchangeResult): Exchange {
  if (!outcome.ok) throw new Failure(`the terminal refused: ${outcome.error}`)
  return outcome.value
}
