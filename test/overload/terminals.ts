/**
 * The load's requests: terminals with a sale and a void ready to send, signed in advance, and look-ups of a
 * back office.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { SEED } from '../../src/cli/dev/server.ts'
import { loadCore } from '../../src/cli/lib/core.ts'
import type { Core } from '../../src/core/instance.ts'
import { buildFrame, ISO_CONTENT_TYPE } from '../../src/iso8583/frame.ts'
import { fromHex } from '../../src/iso8583/hex.ts'
import { packWithMac } from '../../src/iso8583/mac.ts'
import type { Message } from '../../src/iso8583/message.ts'
import { readMessage } from '../../src/iso8583/received.ts'
import { saleRequest, voidRequest } from '../../src/terminal/messages.ts'
import { type LogEntry, type TerminalState, takeStan } from '../../src/terminal/state.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { openMacKey } from '../../src/terminal/working-keys.ts'
import { insertApiKey, newApiKey } from '../rig/api-key.ts'
import type { Rig } from '../rig/rig.ts'
import { seed, terminalOf } from '../rig/seed.ts'
import { STRONG_TMK } from '../support/test-keys.ts'
import { type Answer, requestOf } from './wire.ts'

/** The most urgent first. */
export const KINDS = ['void', 'sale', 'report'] as const
export type Kind = (typeof KINDS)[number]

/** One request, and the handling of its answer. */
export interface Job {
  readonly kind: Kind
  readonly request: Buffer
  /** Handles the answer. False when it is neither the requested one nor a refusal. */
  done(answer: Answer): boolean
}

export interface Terminals {
  /** The next request of a kind. Undefined while every suitable terminal waits for an answer. */
  next(kind: Kind): Job | undefined
}

const TPDU = Uint8Array.of(0x60, 0x00, 0x03, 0x00, 0x00)
const HEADER = Uint8Array.of(0x60, 0x31, 0x00, 0x31, 0x13, 0x12)
const TMK = fromHex(STRONG_TMK) ?? new Uint8Array(0)
const AMOUNT = 1200

/** Bearer keys of the back office, so that none exceeds its rate. */
const BACK_OFFICES = 100

/** Terminals of a rig. */
export async function openTerminals(rig: Rig, count: number): Promise<Terminals> {
  const { terminalIds } = await seed(rig, count)
  const run = async (sql: string) => void (await rig.control.query(sql))
  return signOnTerminals(await loadCore(), terminalIds, rig.url, run)
}

/** Signs provisioned terminals on, and inserts the back offices by `run`. */
export async function signOnTerminals(
  core: Core,
  terminalIds: readonly string[],
  to: Parameters<typeof terminalOf>[2],
  run: (sql: string) => Promise<void>,
): Promise<Terminals> {
  const keys = Array.from({ length: BACK_OFFICES }, newApiKey)
  for (const key of keys) await run(insertApiKey(key, SEED.merchantId, 'back office'))
  const terminals: TestTerminal[] = []
  for (const terminalId of terminalIds) {
    const terminal = terminalOf(core, terminalId, to)
    // An isolate allows only a number of sign-ons per second.
    for (let tries = 20; (await terminal.signOn()).outcome !== 'approved'; tries--) {
      if (tries === 0) throw new Error(`${terminalId}: sign-on refused`)
      await sleep(1000)
    }
    terminals.push(new TestTerminal(core, terminal.state))
  }
  return poolOf(terminals, keys)
}

function poolOf(terminals: readonly TestTerminal[], keys: readonly string[]): Terminals {
  /** Idle terminals; the ones with a sale to void separately. */
  const sellers = [...terminals]
  const voiders: TestTerminal[] = []
  let reported = 0
  let lastRrn = '000000000000'

  const release = (testTerminal: TestTerminal): void =>
    void (testTerminal.sold === null ? sellers : voiders).push(testTerminal)

  function report(): Job {
    const key = keys[reported++ % keys.length] ?? ''
    const request = requestOf('GET', `/v1/sales/${lastRrn}`, { Authorization: `Bearer ${key}` })
    return { kind: 'report', request, done: ({ status }) => status === 200 || status === 503 }
  }

  return {
    next(kind) {
      if (kind === 'report') return report()
      const testTerminal = kind === 'void' ? voiders.shift() : (sellers.shift() ?? voiders.shift())
      if (testTerminal === undefined) return undefined
      const done = (answer: Answer): boolean => {
        const isValid = testTerminal.accept(kind, answer)
        lastRrn = testTerminal.sold?.rrn ?? lastRrn
        release(testTerminal)
        return isValid
      }
      return { kind, request: testTerminal.request(kind), done }
    },
  }
}

/** A terminal sends one message at a time, and repeats it while it is refused. */
class TestTerminal {
  /** Its last sale, while it can be voided. */
  sold: LogEntry | null = null
  readonly #core: Core
  readonly #state: TerminalState
  readonly #mak: Uint8Array
  readonly #ready: Partial<Record<'sale' | 'void', { readonly entry: LogEntry; readonly request: Buffer }>> =
    {}

  constructor(core: Core, state: TerminalState) {
    this.#core = core
    this.#state = state
    const mak = state.keys === null ? undefined : openMacKey(core, state.macProfile, TMK, state.keys)
    if (!mak?.ok) throw new Error(`${state.terminalId}: no MAC key`)
    this.#mak = mak.value
  }

  request(kind: 'sale' | 'void'): Buffer {
    const ready = this.#ready[kind] ?? this.#prepare(kind)
    this.#ready[kind] = ready
    return ready.request
  }

  /** False for an answer that is neither a refusal nor an approval. */
  accept(kind: 'sale' | 'void', { status, body }: Answer): boolean {
    if (status !== 200) return status === 503 || status === 429
    const read = readMessage(body, this.#core.lrc)
    if (!read.ok) return false
    const { fields } = read.value.message
    const entry = this.#ready[kind]?.entry
    delete this.#ready[kind]
    if (entry === undefined || fields.get(39) !== '00') return false
    const [rrn, authorizationCode] = [fields.get(37) ?? '', fields.get(38) ?? '']
    if (kind === 'void') delete this.#ready.sale
    this.sold = kind === 'sale' ? { ...entry, status: 'approved', rrn, authorizationCode } : null
    if (kind === 'sale') delete this.#ready.void
    return true
  }

  #prepare(kind: 'sale' | 'void') {
    const { batchNumber } = this.#state
    const common = { kind, batchNumber, stan: takeStan(this.#state), amount: AMOUNT, pan: testCard(1) }
    const entry: LogEntry = { ...common, status: 'unanswered' }
    const message =
      kind === 'sale' || this.sold === null
        ? saleRequest(this.#state, entry)
        : voidRequest(this.#state, entry, this.sold)
    return { entry, request: this.#signed(message) }
  }

  #signed(message: Message): Buffer {
    const body = packWithMac(message, (input) => this.#core.computeMac('cup-ecb', this.#mak, input))
    const frame = buildFrame('tpdu', TPDU, HEADER, body, this.#core.lrc)
    return requestOf('POST', '/v1/iso8583', { 'Content-Type': ISO_CONTENT_TYPE }, frame)
  }
}
