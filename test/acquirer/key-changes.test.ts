import { describe, expect, it } from 'vitest'
import { checkResponse, WRONG_MAC } from '../../src/acquirer/check-response.ts'
import { httpsAcquirer } from '../../src/acquirer/https.ts'
import type { AcquirerKeys, VersionedKey } from '../../src/acquirer/keys.ts'
import { signOnAt } from '../../src/acquirer/sign-on.ts'
import { MAC_PROFILES, type MacProfile } from '../../src/domain/terminal-profile.ts'
import { answerFrame } from '../../src/iso8583/frame.ts'
import { packSigned } from '../../src/iso8583/mac.ts'
import { pack } from '../../src/iso8583/message.ts'
import { readMessage } from '../../src/iso8583/received.ts'
import { AcquirerSimulator } from '../../src/simulator/acquirer.ts'
import { seededRandom } from '../../src/simulator/faults.ts'
import { aSale, aVoid, bytes, core, HEADER, inquiryOf, reversalOf, START, TPDU } from './https-harness.ts'

const ZONE = '8899AABBCCDDEEFF0011223344556677'
const STAN = '500001'
const INSTITUTION = '00001234'

/** An acquirer with keys of sign-ons in memory. */
function open(macProfile: MacProfile = 'cup-ecb') {
  const simulator = new AcquirerSimulator({
    core,
    macProfile,
    macKey: new Uint8Array(0),
    zoneKey: bytes(ZONE),
    random: seededRandom(1),
  })
  const known: Uint8Array[] = []
  const given: Uint8Array[] = []
  const line = { before: async () => {}, after: async () => {} }
  let stan = 500_000
  const copyOf = (key: Uint8Array, version: number): VersionedKey => {
    const macKey = Uint8Array.from(key)
    given.push(macKey)
    return { version, macKey }
  }
  const options = { core, macProfile, tpdu: TPDU, header: HEADER }
  async function signOn(): Promise<boolean> {
    const send = async (frame: Uint8Array) => simulator.process(frame, START)
    const key = await signOnAt(
      { ...options, zoneKey: bytes(ZONE), institution: INSTITUTION, send },
      String(stan++),
    )
    if (key.ok) known.push(key.value)
    return key.ok
  }
  const state = { signOns: 0, mayRenew: true }
  const keys: AcquirerKeys = {
    areRenewed: true,
    newest: async () => (known.length === 0 ? null : copyOf(known.at(-1) as Uint8Array, known.length)),
    after: async (version) => known.slice(version).map((key, i) => copyOf(key, version + i + 1)),
    renew: async (version) => {
      if (known.length <= version && state.mayRenew) {
        state.signOns++
        await signOn()
      }
      return known.length > version
    },
  }
  const acquirer = httpsAcquirer({
    ...options,
    macKey: new Uint8Array(0),
    keys,
    recovery: 'inquiry',
    send: async (frame) => {
      await line.before()
      const { answer } = simulator.receive(frame, START)
      await line.after()
      return answer
    },
  })
  return { acquirer, simulator, signOn, state, given, line }
}

describe('a message to an acquirer with sign-ons', () => {
  it.each(MAC_PROFILES)('signs on first, and once: %s', async (profile) => {
    const { acquirer, state } = open(profile)
    expect((await acquirer.ask(aSale())).kind).toBe('approved')
    expect((await acquirer.ask(aVoid())).kind).toBe('approved')
    expect(state.signOns).toBe(1)
  })

  it('is unknown without a key, and is not sent', async () => {
    const { acquirer, state, simulator } = open()
    state.mayRenew = false
    for (const request of [aSale(), aVoid()])
      expect(await acquirer.ask(request)).toEqual({ kind: 'unknown', why: 'no key of a sign-on' })
    expect([...simulator.ledger.items()]).toEqual([])
  })

  it.each([aSale(), aVoid()])('is sent again under a new key after A0: $kind', async (request) => {
    const { acquirer, state, simulator } = open()
    await acquirer.ask(aSale())
    simulator.loseKey()
    expect((await acquirer.ask(request)).kind).toBe('approved')
    expect(state.signOns).toBe(2)
    expect([...simulator.ledger.items()].filter(({ of }) => of === request.of)).toHaveLength(1)
  })

  it('counts as a copy when it is sent again: a refusal of it says nothing about the first one', async () => {
    const { acquirer, simulator } = open()
    await acquirer.ask(aSale())
    const refusal = { rates: {}, script: [{ on: 'void', code: '97' }] } as const
    simulator.follow(refusal)
    expect((await acquirer.ask(aVoid({ acquirerStan: '000888' }))).kind).toBe('declined')
    simulator.follow(refusal)
    simulator.loseKey()
    expect((await acquirer.ask(aVoid())).kind).toBe('unknown')
  })

  it.each([aSale(), aVoid(), reversalOf(aVoid()), inquiryOf(aVoid())])(
    'stays unknown after A0 when there is no new key: $kind',
    async (request) => {
      const { acquirer, state, simulator } = open()
      await acquirer.ask(aSale())
      state.mayRenew = false
      simulator.loseKey()
      expect((await acquirer.ask({ ...request, acquirerStan: '000777' })).kind).toBe('unknown')
    },
  )

  it.each([{ ...aVoid(), isCopy: true }, reversalOf(aVoid()), inquiryOf(aVoid())])(
    'of a later try renews the key, and leaves the next try to the recovery: $kind',
    async (request) => {
      const { acquirer, state, simulator } = open()
      await acquirer.ask(aSale())
      simulator.loseKey()
      expect((await acquirer.ask(request)).kind).toBe('unknown')
      expect(state.signOns).toBe(2)
      expect((await acquirer.ask(request)).kind).not.toBe('unknown')
    },
  )

  it('believes an answer under the key of its request after the key changed', async () => {
    const { acquirer, signOn, line } = open()
    await acquirer.ask(aSale())
    line.after = async () => void (await signOn())
    expect((await acquirer.ask(aVoid())).kind).toBe('approved')
  })

  it('is sent again when the key changed on its way', async () => {
    const { acquirer, signOn, line, state } = open()
    await acquirer.ask(aSale())
    let changes = 1
    line.before = async () => {
      if (changes-- > 0) await signOn()
    }
    expect((await acquirer.ask(aVoid())).kind).toBe('approved')
    // The isolate finds the key of another one, and needs no sign-on of its own.
    expect(state.signOns).toBe(1)
  })

  it('wipes every key that it got', async () => {
    const { acquirer, simulator, signOn, line, given } = open()
    await acquirer.ask(aSale())
    simulator.loseKey()
    await acquirer.ask(aVoid())
    line.after = async () => {
      await signOn()
      throw new Error('lost')
    }
    await acquirer.ask(inquiryOf(aVoid()))
    expect(given.length).toBeGreaterThan(3)
    expect(given.filter((key) => key.some((byte) => byte !== 0))).toEqual([])
  })

  it('believes an answer under a later key, and none under an earlier one', async () => {
    const old = bytes('0123456789ABCDEF')
    const current = bytes('1122334455667788')
    const later = bytes('8877665544332211')
    const answerUnder = async (macKey: Uint8Array) => {
      const acquirer = httpsAcquirer({
        core,
        macProfile: 'cup-ecb',
        macKey: new Uint8Array(0),
        tpdu: TPDU,
        header: HEADER,
        recovery: 'inquiry',
        keys: {
          areRenewed: true,
          newest: async () => ({ version: 2, macKey: Uint8Array.from(current) }),
          after: async () => [{ version: 3, macKey: Uint8Array.from(later) }],
          renew: async () => false,
        },
        send: async (frame) => {
          const other = new AcquirerSimulator({
            core,
            macProfile: 'cup-ecb',
            macKey: current,
            random: seededRandom(1),
          })
          const read = readMessage(other.process(frame, START) ?? new Uint8Array(0), core.lrc)
          if (!read.ok) throw new Error(read.error)
          const fields = new Map(read.value.message.fields)
          fields.delete(64)
          const body = packSigned({ core, macProfile: 'cup-ecb', macKey }, { ...read.value.message, fields })
          return answerFrame(read.value.frame, body, {}, core.lrc)
        },
      })
      return acquirer.ask(aSale())
    }
    expect((await answerUnder(current)).kind).toBe('approved')
    expect((await answerUnder(later)).kind).toBe('approved')
    expect(await answerUnder(old)).toEqual({ kind: 'unknown', why: WRONG_MAC })
  })

  it('believes an unsigned decline of a first copy only', () => {
    const sent = { mti: '0200', fields: new Map([[11, STAN]]) }
    const answer = pack({
      mti: '0210',
      fields: new Map([
        [11, STAN],
        [39, '51'],
      ]),
    })
    const frame = answerFrame(
      { kind: 'tpdu', tpdu: TPDU, header: HEADER, body: answer },
      answer,
      {},
      core.lrc,
    )
    const rules = {
      core,
      macProfile: 'cup-ecb',
      macKey: bytes('0123456789ABCDEF'),
      declines: 'unsigned',
    } as const
    const kindOf = (isCopy: boolean) => checkResponse(rules, aSale({ isCopy }), sent, frame).kind
    expect([kindOf(false), kindOf(true)]).toEqual(['declined', 'unknown'])
  })
})
