/** @module The demo's terminal and the road to its acquirer, on which an answer can be made to get lost. */

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

export interface DemoAcquirer {
  readonly terminal: VirtualTerminal
  /** The answer to the next message gets lost on its way back. */
  loseNext(): void
  /** RRN in the answer that was lost: the terminal never saw it, the back office can ask for it. */
  lostRrn(): string
}

interface Scene {
  readonly server: DevServer
  readonly terminalId: string
  readonly screen: Screen
}

export async function openAcquirer({ server, terminalId, screen }: Scene): Promise<DemoAcquirer> {
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
    tmk: fromHex(SEED.tmk) ?? new Uint8Array(0),
    state: newTerminalState(SEED.merchantId, terminalId, 'cup-ecb'),
    settlementMac: true,
    observe: (exchange) => screen.exchange(exchange, http.silence() ?? 'lost on its way back'),
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

/** A terminal that refuses by itself has nothing more to tell. */
export function made(outcome: ExchangeResult): Exchange {
  if (!outcome.ok) throw new Failure(`the terminal refused: ${outcome.error}`)
  return outcome.value
}
