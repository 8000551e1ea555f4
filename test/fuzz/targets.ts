/** @module The fuzzers in Node: what runs an input of each, and where its inputs come from. */

import type fc from 'fast-check'
import { createCore } from '../../src/core/instance.ts'
import { parseFrame } from '../../src/iso8583/frame.ts'
import { xorLrc } from '../../src/iso8583/serial-frame.ts'
import type { Target } from './mutants.ts'

/** Runs one input; throws where a property does not hold. What it says of the input tells new ones from old ones. */
export type Check = (input: Uint8Array) => string

/** Loaded when asked for, so that a mistake made on purpose can be put in before. */
export async function checkOf(target: Target, module: WebAssembly.Module): Promise<Check> {
  switch (target) {
    case 'codec': {
      const { checkCodec } = await import('./codec-properties.ts')
      const { JudgedProperties } = await import('./judged-properties.ts')
      const judged = new JudgedProperties(createCore(module, (bytes) => bytes.fill(1)))
      return (input) => {
        const frame = parseFrame(input, xorLrc)
        const { words, isMessage } = checkCodec(input)
        return isMessage ? `${words} ${judged.check(input, frame.ok ? frame.value.body : input)}` : words
      }
    }
    case 'schemas': {
      const { checkSchemas } = await import('./schema-properties.ts')
      return (input) => {
        checkSchemas(new TextDecoder().decode(input))
        return ''
      }
    }
    default: {
      const { CoreRig } = await import('./core-rig.ts')
      const { EmbedderRig } = await import('./embedder-rig.ts')
      const rig = target === 'core' ? new CoreRig(module) : new EmbedderRig(module)
      return (input) => {
        rig.run(input)
        return ''
      }
    }
  }
}

/** Inputs of every target but the codec, whose inputs grow out of others. */
export async function arbitraryOf(target: Exclude<Target, 'codec'>): Promise<fc.Arbitrary<Uint8Array>> {
  if (target !== 'schemas') return (await import('./program-arbitrary.ts')).anyProgram
  const { anyRequestText } = await import('./schema-properties.ts')
  return anyRequestText.map((text) => new TextEncoder().encode(text))
}
