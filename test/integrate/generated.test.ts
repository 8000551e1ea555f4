/**
 * docs/integrate shows the behaviour of the code: pages and samples are regenerated and compared, with every
 * MAC and key by node:crypto.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { loadCore } from '../../src/cli/lib/core.ts'
import { macAlgorithmOf } from '../../src/domain/mac-profile.ts'
import { MAC_PROFILES } from '../../src/domain/terminal-profile.ts'
import { parseFrame } from '../../src/iso8583/frame.ts'
import { macInput, pack, unpack } from '../../src/iso8583/message.ts'
import { xorLrc } from '../../src/iso8583/serial-frame.ts'
import { openMacKey } from '../../src/terminal/working-keys.ts'
import { runDay, SM4_TERMINAL, TERMINAL } from './day.ts'
import { FOLDER, generatedFiles, SAMPLES } from './generated.ts'
import { EXAMPLE_INPUT, EXAMPLE_TMK, KEY_EXAMPLES, MAC_EXAMPLES } from './mac-examples.ts'
import { workMac } from './mac-steps.ts'
import { bytesOf, decrypt, hexOf, keyCheckValue } from './node-ciphers.ts'
import { messageIn } from './samples.ts'

const core = await loadCore()
const generated = await generatedFiles()
const samples = await runDay()

const same = (path: string, content: string | Uint8Array): [string, boolean] => [
  path,
  Buffer.from(content).equals(readFileSync(join(FOLDER, path))),
]

describe('docs/integrate matches its source (`npm run docs` writes it)', () => {
  test.each([...generated.keys()].filter((path) => !path.startsWith(`${SAMPLES}/`)))('%s', (path) => {
    expect(readFileSync(join(FOLDER, path), 'utf8')).toBe(generated.get(path))
  })

  it('has every sample, byte for byte, and no other', () => {
    const ours = [...generated.keys()].filter((path) => path.startsWith(`${SAMPLES}/`))
    expect(readdirSync(join(FOLDER, SAMPLES)).sort()).toEqual(
      ours.map((path) => path.slice(SAMPLES.length + 1)).sort(),
    )
    for (const path of ours) expect(same(path, generated.get(path) ?? '')).toEqual([path, true])
  })
})

const bodyOf = (frame: Uint8Array): Uint8Array => {
  const parsed = parseFrame(frame, xorLrc)
  if (!parsed.ok) throw new Error('no frame')
  return parsed.value.body
}

describe('the samples', () => {
  const frames = samples.flatMap((sample) =>
    [sample.request, sample.answer].flatMap((frame) => (frame === null ? [] : [{ sample, frame }])),
  )

  it('show sign-on, sale, void, repetition, reversal, settlement and refusals', () => {
    expect(samples.length).toBeGreaterThan(30)
    const codes = new Set(
      samples.flatMap(({ answer }) => (answer === null ? [] : [messageIn(answer).fields.get(39)])),
    )
    expect([...codes]).toEqual(
      expect.arrayContaining(['00', '12', '14', '25', '30', '40', '51', '64', '77', '94', '97', 'A0']),
    )
  })

  it('are the only bytes of their message', () => {
    for (const { sample, frame } of frames) {
      const body = bodyOf(frame)
      const message = unpack(body)
      if (!message.ok) throw new Error(sample.name)
      expect([sample.name, hexOf(pack(message.value))]).toEqual([sample.name, hexOf(body)])
    }
  })

  it('carry the MACs that node:crypto computes, except for the deliberately wrong one', () => {
    let macs = 0
    for (const { sample, frame } of frames) {
      const body = bodyOf(frame)
      const mac = messageIn(frame).fields.get(64)
      if (mac === undefined) continue
      const { name, macKey, macProfile, isForged } = sample
      const expected = hexOf(workMac(macProfile, bytesOf(macKey ?? ''), macInput(body)).mac)
      expect([name, mac === expected]).toEqual([name, !isForged])
      macs++
    }
    expect(macs).toBeGreaterThan(50)
    expect(samples.filter(({ isForged }) => isForged).length).toBe(1)
  })

  it('have MAC keys that open under the master key by node:crypto', () => {
    for (const { tmk, macProfile, terminalId } of [TERMINAL, SM4_TERMINAL]) {
      const ofTerminal = samples.filter(
        ({ request }) => messageIn(request).fields.get(41)?.trimEnd() === terminalId,
      )
      const signOn = ofTerminal.find(({ request }) => messageIn(request).mti === '0800')
      const field62 = bytesOf(messageIn(signOn?.answer ?? new Uint8Array(0)).fields.get(62) ?? '')
      const isSm4 = macProfile.startsWith('cup-sm4')
      const record = field62.subarray(20, 40)
      const key = decrypt(isSm4 ? 'sm4' : '3des', bytesOf(tmk), record.subarray(0, isSm4 ? 16 : 8))
      expect(keyCheckValue(isSm4 ? 'sm4' : 'des', key)).toEqual(record.subarray(16))
      const used = new Set(ofTerminal.flatMap(({ macKey }) => (macKey === null ? [] : [macKey])))
      expect([...used]).toEqual([hexOf(key)])
    }
  })
})

describe('the worked examples', () => {
  it('cover every MAC profile', () => {
    expect(MAC_EXAMPLES.map(({ profile }) => profile)).toEqual(MAC_PROFILES)
  })

  test.each(MAC_EXAMPLES)('$profile: give the MAC of the core', ({ profile, key, mac }) => {
    expect(core.computeMac(macAlgorithmOf(profile), bytesOf(key), EXAMPLE_INPUT)).toEqual(mac)
  })

  test.each(MAC_EXAMPLES)(
    '$profile: give the MAC of the core for inputs of every length',
    ({ profile, key }) => {
      for (let length = 1; length <= 64; length++) {
        const input = Uint8Array.from({ length }, (_, n) => (37 * n + length) & 0xff)
        const { mac } = workMac(profile, bytesOf(key), input)
        expect(mac).toEqual(core.computeMac(macAlgorithmOf(profile), bytesOf(key), input))
      }
    },
  )

  test.each(KEY_EXAMPLES)(
    'layout $layout with $profile opens as in a terminal',
    ({ layout, profile, keys, field62 }) => {
      const wrapped = { layout, field62: hexOf(field62) }
      const opened = openMacKey(core, profile, bytesOf(EXAMPLE_TMK), wrapped)
      expect(opened).toEqual({ ok: true, value: bytesOf(keys[1]?.clear ?? '') })
    },
  )
})
