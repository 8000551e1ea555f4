/** @module The fuzzers in Node: the check of each target, and the source of its inputs. */

import type fc from 'fast-check'
import { createCore } from '../../src/core/instance.ts'
import { parseFrame } from '../../src/iso8583/frame.ts'
import { xorLrc } from '../../src/iso8583/serial-frame.ts'
import type { Target } from './mutants.ts'

/**
 * Runs one input. Throws when a property does not hold. The returned description separates new inputs from
 * old ones.
 */
export type Check = (input: Uint8Array) => string

/** Loaded on demand, so that a deliberate mistake can be inserted before. */
export async function checkOf(target: Target, module: WebAssembly.Module): Promise<Check> {
  switch (target) {
    case 'codec': {
      const { checkCodec } = await import('./codec-properties.ts')
      const { AnswerProperties } = await import('./answer-properties.ts')
      const answers = new AnswerProperties(createCore(module, (bytes) => bytes.fill(1)))
      return (input) => {
        const frame = parseFrame(input, xorLrc)
        const { description, isMessage } = checkCodec(input)
        return isMessage
          ? `${description} ${answers.check(input, frame.ok ? frame.value.body : input)}`
          : description
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

/** The inputs of every target except the codec, whose inputs grow from others. */
export async function arbitraryOf(target: Exclude<Target, 'codec'>): Promise<fc.Arbitrary<Uint8Array>> {
  if (target !== 'schemas') return (await import('./program-arbitrary.ts')).anyProgram
  const { anyRequestText } = await import('./schema-properties.ts')
  return anyRequestText.map((text) => new TextEncoder().encode(text))
}
