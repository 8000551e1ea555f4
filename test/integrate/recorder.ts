/** @module Records what terminals and the service send each other: one exchange a sample, by name and in order. */

import type { Core } from '../../src/core/instance.ts'
import { macAlgorithmOf } from '../../src/domain/mac-profile.ts'
import type { MacProfile } from '../../src/domain/terminal-profile.ts'
import { buildFrame, type Frame } from '../../src/iso8583/frame.ts'
import { packWithMac } from '../../src/iso8583/mac.ts'
import { type Message, pack } from '../../src/iso8583/message.ts'
import { newTerminalState, type TerminalState } from '../../src/terminal/state.ts'
import { VirtualTerminal } from '../../src/terminal/virtual-terminal.ts'
import { openMacKey } from '../../src/terminal/working-keys.ts'
import { bytesOf, hexOf, keyCheckValue, xor } from './node-ciphers.ts'
import type { Service } from './service.ts'

export interface Sample {
  /** `04-void`. */
  readonly name: string
  /** One sentence for the reader. */
  readonly what: string
  readonly request: Uint8Array
  readonly status: number
  /** The service's answer, also when it was lost on its way. */
  readonly answer: Uint8Array | null
  /** The MAC key in clear, if the request carries a MAC. */
  readonly macKey: string | null
  readonly macProfile: MacProfile
  /** The request has a deliberately wrong MAC. */
  readonly isForged: boolean
}

export const MERCHANT = '123456789012345'

const TPDU = bytesOf('6000030000')
const HEADER = bytesOf('603100311312')
const FIRST_COMPONENT = '0123456789ABCDEFFEDCBA9876543210'

/** The time between two exchanges: longer than an answer stays in memory. */
const STEP_MS = 5000

interface Caption {
  readonly name: string
  readonly what: string
}

const UNNAMED: Caption = { name: 'exchange', what: '' }

export class Recorder {
  readonly samples: Sample[] = []
  readonly service: Service
  readonly core: Core
  readonly #isNamed: boolean
  readonly #captions: Caption[] = []

  /** `isNamed`: `next` must announce every exchange. */
  constructor(service: Service, core: Core, { isNamed = true } = {}) {
    this.service = service
    this.core = core
    this.#isNamed = isNamed
  }

  /** Names the next exchange. */
  next(name: string, what: string): void {
    this.#captions.push({ name, what })
  }

  async carry(frame: Uint8Array, about: Pick<Sample, 'macKey' | 'macProfile' | 'isForged'>) {
    const caption = this.#captions.shift() ?? UNNAMED
    if (caption === UNNAMED && this.#isNamed) throw new Error('an exchange without a name')
    this.service.clock.now += STEP_MS
    const { status, answer } = await this.service.post(frame)
    const number = String(this.samples.length + 1).padStart(2, '0')
    const { name, what } = caption
    this.samples.push({ ...about, name: `${number}-${name}`, what, request: frame, status, answer })
    return status === 200 ? answer : null
  }
}

export interface TerminalOptions {
  readonly terminalId: string
  readonly tmk: string
  readonly macProfile: MacProfile
  readonly settings?: Readonly<Record<string, unknown>>
}

/** A virtual terminal, and messages that no terminal sends by itself. */
export class RecordedTerminal {
  readonly state: TerminalState
  readonly options: TerminalOptions
  readonly terminal: VirtualTerminal
  /** The next answer is lost on its way. */
  losesAnswer = false
  readonly #recorder: Recorder

  constructor(recorder: Recorder, options: TerminalOptions) {
    this.#recorder = recorder
    this.options = options
    this.state = newTerminalState(MERCHANT, options.terminalId, options.macProfile)
    this.terminal = new VirtualTerminal({
      core: recorder.core,
      send: (frame) => this.#send(frame),
      now: () => recorder.service.clock.now,
      tmk: bytesOf(options.tmk),
      state: this.state,
      settlementMac: true,
      tpdu: TPDU,
      header: HEADER,
    })
  }

  async provision(): Promise<void> {
    const { tmk, macProfile, terminalId, settings = {} } = this.options
    const cipher = macProfile.startsWith('cup-sm4') ? 'sm4' : '3des'
    const components = [bytesOf(FIRST_COMPONENT), xor(bytesOf(tmk), bytesOf(FIRST_COMPONENT))]
    const body = {
      macProfile,
      tmk: {
        components: components.map((key) => ({
          value: hexOf(key),
          checkValue: hexOf(keyCheckValue(cipher, key)),
        })),
      },
      ...settings,
    }
    await this.#recorder.service.json('PUT', `/v1/merchants/${MERCHANT}`, {})
    const path = `/v1/merchants/${MERCHANT}/terminals/${terminalId}`
    const { status } = await this.#recorder.service.json('PUT', path, body)
    if (status !== 201) throw new Error(`provisioning: HTTP ${status}`)
  }

  /** The MAC key in clear, from the last sign-on. */
  macKey(): Uint8Array | null {
    const { keys, macProfile } = this.state
    if (keys === null) return null
    const opened = openMacKey(this.#recorder.core, macProfile, bytesOf(this.options.tmk), keys)
    if (!opened.ok) throw new Error(opened.error)
    return opened.value
  }

  /** Sends a message unchanged. `forged`: with a MAC under another key. */
  async send(
    message: Message,
    how: { readonly mac: 'right' | 'forged' | 'none'; readonly frame?: Frame['kind'] },
  ): Promise<Uint8Array | null> {
    const { core } = this.#recorder
    const macKey = this.macKey()
    if (macKey === null) throw new Error('not signed on')
    const key = how.mac === 'forged' ? macKey.map((byte) => byte ^ 0x02) : macKey
    const algorithm = macAlgorithmOf(this.state.macProfile)
    const body =
      how.mac === 'none'
        ? pack(message)
        : packWithMac(message, (input) => core.computeMac(algorithm, key, input))
    const frame = buildFrame(how.frame ?? 'tpdu', TPDU, HEADER, body, core.lrc)
    return this.#send(frame, how.mac)
  }

  async #send(frame: Uint8Array, mac?: 'right' | 'forged' | 'none'): Promise<Uint8Array | null> {
    const key = this.macKey()
    const hasMac = mac === undefined ? carriesMac(frame) : mac !== 'none'
    const answer = await this.#recorder.carry(frame, {
      macKey: key === null || !hasMac ? null : hexOf(key),
      macProfile: this.state.macProfile,
      isForged: mac === 'forged',
    })
    const isLost = this.losesAnswer
    this.losesAnswer = false
    return isLost ? null : answer
  }
}

/** Bit 64 of the bitmap, at its place in a frame with a length. */
const carriesMac = (frame: Uint8Array): boolean => ((frame[22] ?? 0) & 1) === 1
