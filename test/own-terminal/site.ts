/**
 * @module The service under test, the line to it with its faults, and a back office. The client is the terminal of
 * `test/support/own-terminal`. This file is on the other side: it starts the service, and may import `src/`.
 */

import { recover } from '../../src/pipeline/recover.ts'
import { createSimulator, type LedgerEntry } from '../../src/simulator/app.ts'
import { openService, type Service, START } from '../integrate/service.ts'
import { watchedCore } from '../support/load-core.ts'
import { bytesOfHex, hexOfBytes } from '../support/own-terminal/bytes.ts'
import { checkValueOf, OWN_MAC_PROFILES } from '../support/own-terminal/keys.ts'
import type { OwnSettings } from '../support/own-terminal/settings.ts'

/**
 * `request`: it is lost on its way. `answer`: the service decides, and its answer is lost. `twice`: the request arrives twice, and both
 * answers must be the same bytes. `again`: it arrives twice, and the second answer comes back. `mac`: a bit of the answer's MAC changes.
 */
export type LineFault = 'request' | 'answer' | 'twice' | 'again' | 'mac'

/** Between two messages. */
const STEP_MS = 7_000

/** Runs of the cron before the ledger is read. */
const MINUTES = 3

const PATHS = ['/unp/webtrans/WPOS', '/mjc/webtrans/VPB_lb', '/v1/iso8583', '/']
const TYPES = ['x-ISO-TPDU/x-auth', 'application/octet-stream', undefined]
const STX = 0x02

/** A bit of the MAC changes. In a serial frame the LRC is right for it. */
function withWrongMac(answer: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(answer)
  const places = answer[0] === STX ? [answer.length - 3, answer.length - 1] : [answer.length - 1]
  for (const place of places) changed[place] = (changed[place] ?? 0) ^ 1
  return changed
}

export class Site {
  readonly service: Service
  /** The faults of the next exchanges, in order. Null: none. */
  readonly faults: (LineFault | null)[] = []
  exchanges = 0
  /** HTTP statuses of messages that the service did not answer. */
  readonly silent: number[] = []
  #posts = 0

  /** Requests to a simulated acquirer. Null: the sandbox decides. */
  readonly acquirer: ((request: Request) => Promise<Response>) | null

  constructor(service: Service, acquirer: Site['acquirer']) {
    this.service = service
    this.acquirer = acquirer
  }

  readonly now = (): number => this.service.clock.now

  /** Carries a frame, over each path and content type in turn. */
  readonly carry = async (frame: Uint8Array): Promise<Uint8Array | null> => {
    this.service.clock.now += STEP_MS
    this.exchanges++
    const fault = this.faults.shift() ?? null
    if (fault === 'request') return null
    if (fault === 'again') await this.#post(frame)
    const answer = await this.#post(frame)
    if (fault === 'twice') {
      const copy = await this.#post(frame)
      if (hexOfBytes(copy ?? []) !== hexOfBytes(answer ?? []))
        throw new Error('a copy got another answer than the first message')
    }
    if (fault === 'answer' || answer === null) return null
    return fault === 'mac' ? withWrongMac(answer) : answer
  }

  async #post(frame: Uint8Array): Promise<Uint8Array | null> {
    const number = this.#posts++
    const path = PATHS[number % PATHS.length] ?? '/'
    const type = TYPES[number % TYPES.length]
    // Some terminals append CR LF to a packet.
    const tail = frame[0] !== STX && number % 5 === 0 ? [0x0d, 0x0a] : []
    const response = await this.service.fetch(path, {
      method: 'POST',
      headers: type === undefined ? {} : { 'content-type': type },
      body: Uint8Array.from([...frame, ...tail]),
    })
    const bytes = new Uint8Array(await response.arrayBuffer())
    if (response.status === 200) return bytes
    this.silent.push(response.status)
    if (response.status !== 503 || bytes.length > 0) throw new Error(`HTTP ${response.status}`)
    return null
  }

  /** A new merchant with a new terminal, whose master key comes in two components. */
  async begin(settings: OwnSettings): Promise<void> {
    this.faults.length = 0
    const { merchantId, terminalId, masterKey, macProfile, forms, line } = settings
    const { cipher } = OWN_MAC_PROFILES[macProfile]
    const key = bytesOfHex(masterKey)
    const half = key.map((_, at) => (at * 37 + 11) & 0xfe)
    const component = (bytes: Uint8Array) => ({
      value: hexOfBytes(bytes),
      checkValue: checkValueOf(cipher, bytes),
    })
    const other = key.map((byte, at) => byte ^ (half[at] ?? 0))
    await this.json('PUT', `/v1/merchants/${merchantId}`, {}, [200, 201])
    await this.json(
      'PUT',
      `/v1/merchants/${merchantId}/terminals/${terminalId}`,
      {
        tmk: {
          components: [component(half), component(other)],
          checkValue: checkValueOf(cipher, key),
          allowSingleLength: key.length === 8,
        },
        macProfile,
        textEncoding: settings.textEncoding,
        texts: settings.texts,
        settlementMac: settings.settlesWithMac ? 'required' : 'optional',
        padding: forms.padding,
        entryMode: forms.entryMode,
        cardCheck: 'luhn',
        headerLength: line.header.length / 2,
        headerTlv: line.tlv !== '',
        voidForms: settings.voidForms,
      },
      [201],
    )
  }

  /** A request of the back office with an administrator's key. Throws when the status is none of those. */
  async json(
    method: string,
    path: string,
    body: unknown,
    statuses: readonly number[],
    key?: string,
  ): Promise<Readonly<Record<string, unknown>>> {
    const headers = key === undefined ? {} : { 'idempotency-key': key }
    const reply = await this.service.json(method, path, body, headers)
    if (!statuses.includes(reply.status))
      throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`)
    return reply.body
  }

  /** The sales and voids of a terminal in the ledger of the acquirer, after the recovery of the service. */
  async ledgerOf(terminalId: string): Promise<LedgerEntry[] | null> {
    if (this.acquirer === null) return null
    const { clock, services } = this.service
    for (let minute = 0; minute < MINUTES; minute++) {
      await recover(services, clock.now)
      clock.now += 60_000
    }
    const response = await this.acquirer(new Request('https://acquirer/ledger'))
    const { items } = (await response.json()) as { items: LedgerEntry[] }
    return items.filter((item) => item.terminalId === terminalId)
  }

  close(): void {
    this.service.close()
  }
}

/** A site over the sandbox. */
export const openSite = async (): Promise<Site> => new Site(await openService(), null)

const ACQUIRER_KEY = '0123456789ABCDEF'

/** A site whose service forwards to an acquirer with a ledger of its own. */
export async function openForwardingSite(): Promise<Site> {
  const clock: { now: () => number } = { now: () => START }
  const acquirer = createSimulator({
    core: watchedCore().core,
    macProfile: 'cup-ecb',
    macKey: bytesOfHex(ACQUIRER_KEY),
    now: () => clock.now(),
    sleep: async () => {},
  })
  const service = await openService({
    ACQUIRER: 'https',
    ACQUIRER_MAC_KEY: ACQUIRER_KEY,
    // No real time passes here, so no request waits for a second try.
    ACQUIRER_DEADLINE: '0',
    ACQUIRER_SERVICE: { fetch: (url, init) => acquirer(new Request(url, init)) },
  })
  const site = new Site(service, acquirer)
  clock.now = site.now
  return site
}
