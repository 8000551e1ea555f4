/**
 * @module One fuzzer in its own thread, so that another thread can see and end a hang. The running input is
 * in shared memory.
 */

import { registerHooks } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import fc from 'fast-check'
import { seeded } from '../support/micro-random.ts'
import { mutated } from './mutants.ts'
import type { Job, Message } from './run-fuzzer.ts'

const { target, seed, seconds, execs, guided, mutant, module, shared } = workerData as Job
const counter = new Int32Array(shared, 0, 2)
const inputSlot = new Uint8Array(shared, 8)

if (mutant?.file.startsWith('src/')) {
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      if (!url.endsWith(`/${mutant.file}`) || loaded.source === undefined) return loaded
      return { ...loaded, source: mutated(Buffer.from(loaded.source as Uint8Array).toString(), mutant) }
    },
  })
}
const { arbitraryOf, checkOf } = await import('./targets.ts')
const check = await checkOf(target, module)

const start = performance.now()
let count = 0
let last = new Uint8Array()
const isDone = (): boolean => count >= execs || performance.now() - start >= 1000 * seconds

/** Puts the input where the other thread can see it, and counts. */
function attempt(input: Uint8Array): string {
  last = Uint8Array.from(input)
  inputSlot.set(last.subarray(0, inputSlot.length))
  Atomics.store(counter, 1, last.length)
  Atomics.store(counter, 0, ++count)
  return check(last)
}

async function fuzzCodec(): Promise<Message> {
  const { mutate } = await import('./mutate.ts')
  const { Coverage, fuzz } = await import('./guided.ts')
  const { goldenInputs, readCorpus } = await import('./seeds.ts')
  const seeds = [...readCorpus('codec'), ...goldenInputs()]
  const coverage = guided
    ? { coverage: new Coverage((url) => /\/src\/(iso8583|acquirer|terminal)\//.test(url)) }
    : {}
  try {
    const kept = fuzz({ seeds, attempt, mutate, random: seeded(seed), isDone, ...coverage })
    return { kind: 'done', note: `${kept.length} inputs that reached something new`, kept }
  } catch (error) {
    return { kind: 'result', description: String(error), input: last }
  }
}

/** Attempts to shrink a failing input. */
const SHRINKS = 2_000

/** Slices of fast-check's runs, each from a seed of its own, until it is done. */
async function checkArbitrary(arbitrary: fc.Arbitrary<Uint8Array>): Promise<Message> {
  let shrinks = 0
  const property = fc.property(arbitrary, (input) => {
    if (shrinks > SHRINKS) return
    if (shrinks > 0) shrinks++
    try {
      attempt(input)
    } catch (error) {
      shrinks ||= 1
      throw error
    }
  })
  for (let slice = 0; !isDone(); slice++) {
    const result = fc.check(property, { seed: seed + slice, numRuns: Math.min(500, execs - count) })
    if (!result.failed) continue
    const [input = new Uint8Array()] = result.counterexample ?? []
    return { kind: 'result', description: String(result.errorInstance), input }
  }
  return { kind: 'done', note: '', kept: [] }
}

parentPort?.postMessage(
  target === 'codec' ? await fuzzCodec() : await checkArbitrary(await arbitraryOf(target)),
)
