/**
 * @module `npm run test:fuzz`: the long form of the fuzzers. The core runs natively if wasm2c and clang are
 * installed, otherwise like the others in a thread of Node.
 */

import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { corePath } from '../../src/cli/build.ts'
import { loadCoreModule, moduleAt } from '../../src/cli/lib/core.ts'
import { checkCodec } from './codec-properties.ts'
import { buildMutant, MUTANTS, type Mutant, type Target } from './mutants.ts'
import { buildNative, minimised, runNatively, toolsOf } from './native.ts'
import { showProgram } from './program.ts'
import { type Report, runFuzzer } from './run-fuzzer.ts'
import { readCorpus, writeCorpus } from './seeds.ts'
import { checkOf } from './targets.ts'

const USAGE = `npm run test:fuzz -- [options]
  --seconds N      how long each fuzzer runs (60)
  --execs N        how many inputs the core gets; each of the others a thousandth of it
  --seed N         of everything random; printed
  --target NAME    core, embedder, codec or schemas alone
  --fallback       the core in Node, by fast-check, even where clang and wasm2c are there
  --mutants        instead: put in each mistake of mutants.ts and see it found
  --replay HEX     instead: run one input of --target
  --write-corpus   keep the fewest inputs that reach what was reached in test/corpus/fuzz`

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    execs: { type: 'string' },
    seed: { type: 'string' },
    target: { type: 'string' },
    replay: { type: 'string' },
    fallback: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
    'write-corpus': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const TARGETS = ['core', 'embedder', 'codec', 'schemas'] as const satisfies readonly Target[]
const FOLDER = 'build/fuzz'
const DEADLINE_SECONDS = 10
const seed = Number(values.seed ?? randomInt(2 ** 31))
const execs = Number(values.execs ?? Number.POSITIVE_INFINITY)
const seconds = Number(values.seconds ?? (values.execs === undefined ? 60 : Number.POSITIVE_INFINITY))
const chosen = TARGETS.filter((target) => values.target === undefined || values.target === target)

/** One fuzzer. For the core with all its accesses watched, if possible. */
interface Fuzzer {
  readonly engine: string
  run(options: {
    readonly seconds: number
    readonly execs: number
    readonly deadlineSeconds: number
  }): Promise<Report>
}

const tools = values.fallback ? '--fallback' : toolsOf(FOLDER)

const inNode = (target: Target, module: WebAssembly.Module, mutant?: Mutant): Fuzzer => ({
  engine: target === 'codec' ? 'coverage of the source' : 'fast-check',
  run: (options) => runFuzzer({ ...options, target, module, seed, guided: true, ...(mutant && { mutant }) }),
})

function natively(wasm: string, module: WebAssembly.Module, folder: string): Fuzzer | undefined {
  if (typeof tools === 'string') return undefined
  const fuzzer = buildNative(tools, wasm, module, folder)
  return {
    engine: 'libFuzzer',
    run: (options) => runNatively({ ...options, fuzzer, folder, seeds: readCorpus('core'), seed }),
  }
}

const count = (value: number): string => Math.round(value).toLocaleString('en-US')
const hexOf = (input: Uint8Array): string => Buffer.from(input).toString('hex').toUpperCase()

function print(target: Target, engine: string, report: Report): void {
  const rate = count(report.execs / report.seconds)
  console.log(
    [
      target.padEnd(8),
      engine.padEnd(23),
      `${count(report.execs).padStart(12)} inputs`,
      `${report.seconds.toFixed(0).padStart(5)} s`,
      `${rate.padStart(8)}/s`,
      report.result === undefined ? 'nothing found' : 'FOUND',
      report.note,
    ]
      .join('  ')
      .trimEnd(),
  )
  if (report.result === undefined) return
  const { description, input } = report.result
  console.log(
    `  ${description}\n  again: npm run test:fuzz -- --target ${target} --replay ${hexOf(input) || "''"}`,
  )
}

async function fuzzAll(): Promise<boolean> {
  const module = await loadCoreModule()
  console.log(`seed ${seed}`)
  if (typeof tools === 'string' && !values.fallback)
    console.log(`the core in Node, by fast-check: there is no ${tools}`)
  let isClean = true
  for (const target of chosen) {
    const native = target === 'core' ? natively(corePath, module, join(FOLDER, 'core')) : undefined
    const { engine, run } = native ?? inNode(target, module)
    const limit = target === 'core' ? execs : Math.ceil(execs / 1000)
    const report = await run({ seconds, execs: limit, deadlineSeconds: DEADLINE_SECONDS })
    print(target, engine, report)
    isClean &&= report.result === undefined
    if (values['write-corpus'] && isClean) await writeNewCorpus(target, report)
  }
  return isClean
}

/** Few and short enough to be committed, each with a description. */
async function writeNewCorpus(target: Target, { kept }: Report): Promise<void> {
  if (target === 'core' && typeof tools !== 'string') {
    const folder = join(FOLDER, 'core')
    writeCorpus('core', await minimised(join(folder, 'fuzzer'), folder, kept), showProgram)
  }
  if (target === 'codec') writeCorpus('codec', kept, (input) => checkCodec(input).description)
}

/**
 * Every mistake against every fuzzer that should see it. Before them the unchanged sources, which must have
 * no counterexample.
 */
async function checkMutants(): Promise<boolean> {
  const wrong: string[] = []
  const checkMutant = async (
    name: string,
    fuzzer: Fuzzer,
    isMutant: boolean,
    longest: number,
  ): Promise<void> => {
    const report = await fuzzer.run({ seconds: Math.min(seconds, longest), execs, deadlineSeconds: 3 })
    const isFound = report.result !== undefined
    if (isFound !== isMutant) wrong.push(`${name} (${fuzzer.engine})`)
    const found = report.result?.description.split('\n')[0] ?? 'nothing found'
    const time = report.seconds.toFixed(1).padStart(5)
    console.log(`${name.padEnd(34)}  ${fuzzer.engine.padEnd(20)}  ${time} s  ${found}`)
  }
  const whole = await loadCoreModule()
  for (const target of chosen) await checkMutant(`${target} unchanged`, inNode(target, whole), false, 5)
  for (const [name, mutant] of Object.entries(MUTANTS)) {
    if (!chosen.includes(mutant.target)) continue
    const folder = join(FOLDER, 'mutant')
    const isCore = mutant.file.startsWith('assembly/')
    const module = isCore ? await moduleAt(await buildMutant(mutant, folder)) : whole
    const native = isCore ? natively(join(folder, 'core.wasm'), module, join(folder, 'native')) : undefined
    const fuzzers = [native, mutant.nativeOnly ? undefined : inNode(mutant.target, module, mutant)]
    for (const fuzzer of fuzzers) if (fuzzer !== undefined) await checkMutant(name, fuzzer, true, 60)
  }
  console.log(wrong.length === 0 ? 'every one found' : `unexpected: ${wrong.join(', ')}`)
  return wrong.length === 0
}

async function replay(hex: string): Promise<boolean> {
  const [target] = chosen
  if (values.target === undefined || target === undefined) throw new Error('--replay needs a --target')
  const input = Uint8Array.from(Buffer.from(hex, 'hex'))
  if (target === 'core' || target === 'embedder') console.log(showProgram(input))
  try {
    console.log((await checkOf(target, await loadCoreModule()))(input) || 'nothing found')
    return true
  } catch (error) {
    console.log(error)
    return false
  }
}

if (values.help || chosen.length === 0) {
  console.log(USAGE)
  process.exitCode = values.help ? 0 : 2
} else {
  const isClean = await (values.replay !== undefined
    ? replay(values.replay)
    : values.mutants
      ? checkMutants()
      : fuzzAll())
  process.exitCode = isClean ? 0 : 1
}
