/**
 * @module The core under libFuzzer: its tools on this machine, and its build. Nothing is installed. Without
 * wasm2c or a clang with its sanitizers, `toolsOf` names what is missing and the fast-check form runs
 * instead.
 */

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CIPHERS } from '../../src/core/cipher.ts'
import { MACS } from '../../src/core/mac.ts'
import { CoreMemory, REGIONS } from '../../src/core/memory.ts'
import { PADDING_BYTES, SHORTEST_MAC_BYTES } from './contract.ts'
import * as program from './program.ts'
import type { Report } from './run-fuzzer.ts'
import { TABLE_KEY_SALT, TABLE_KEY_SEED } from './table-model.ts'

export interface Tools {
  readonly wasm2c: string
  readonly clang: string
}

const runs = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0

/** Newest first; the Debian packages are wabt, clang-N and libclang-rt-N-dev. */
const CLANGS = ['clang', ...Array.from({ length: 9 }, (_, i) => `clang-${22 - i}`)]

/** The tools, or the name of what is missing. */
export function toolsOf(folder: string): Tools | string {
  if (!runs('wasm2c', '--version')) return 'wasm2c (package wabt)'
  mkdirSync(folder, { recursive: true })
  const probe = join(folder, 'probe.c')
  writeFileSync(
    probe,
    'int LLVMFuzzerTestOneInput(const char *data, unsigned long size) { return !data && size; }\n',
  )
  const clang = CLANGS.find((name) =>
    runs(name, '-fsanitize=fuzzer,address', probe, '-o', join(folder, 'probe')),
  )
  return clang === undefined
    ? 'clang with libFuzzer (packages clang-N and libclang-rt-N-dev)'
    : { wasm2c: 'wasm2c', clang }
}

const define = (name: string, value: string | number): string => `#define ${name} ${value}`
const list = (name: string, type: string, values: readonly (string | number)[]): string =>
  `static const ${type} ${name}[] = {${values.join(', ')}};`
const lengths = (of: readonly number[]): string =>
  `0x${of.reduce((bits, length) => bits | (1n << BigInt(length)), 0n).toString(16)}`

/** The part of the module, the embedder’s tables and wasm2c's names that `core.c` needs. */
function header(module: WebAssembly.Module, translated: string): string {
  const { exports } = new CoreMemory(module)
  const found = /u32 (\w+)lrc\((\w+) ?\*/.exec(translated)
  const instantiate = /void (\w+instantiate)\(/.exec(translated)
  // Not every version has it.
  const prepare = /void (\w+init_module\()void\)/.exec(translated)?.[1]?.concat('), ') ?? ''
  if (found === null || instantiate === null) throw new Error('unknown names in the output of wasm2c')
  const [, functions = '', type = ''] = found
  const globals = [
    ...REGIONS.flatMap(({ name }) => [`${name}_ADDRESS`, `${name}_BYTES`] as const),
    ...(['MESSAGE_BYTES', 'DUPLICATE_ENTRIES', 'DUPLICATE_ENTRY_BYTES'] as const),
  ]
  const { FIRST_LISTED, FIRST_MESSAGE_LENGTH, FIRST_RAW, LENGTH_RANGE, MAX_CALLS, MAX_LITERAL, PLACES } =
    program
  const shared = {
    FIRST_LISTED,
    FIRST_MESSAGE_LENGTH,
    FIRST_RAW,
    LENGTH_RANGE,
    MAX_CALLS,
    MAX_LITERAL,
    PLACES,
  }
  return [
    define('INSTANCE', type),
    define('CORE(name)', `${functions}##name`),
    define('INSTANTIATE(instance)', `${prepare}${instantiate[1]}(instance)`),
    define('LINEAR_MEMORY', `${functions}memory`),
    ...globals.map((name) => define(name, exports[name].value)),
    ...Object.entries({ ...shared, PADDING_BYTES, SHORTEST_MAC_BYTES, TABLE_KEY_SEED, TABLE_KEY_SALT }).map(
      ([name, value]) => define(name, value),
    ),
    list(
      'OPERATION_NAMES',
      'char *const',
      Object.keys(program.OPERATIONS).map((name) => `"${name}"`),
    ),
    list('ARITY', 'int', Object.values(program.OPERATIONS)),
    list(
      'NUMBERS',
      'int32_t',
      program.NUMBERS.map((value) => `(int32_t)${value}ll`),
    ),
    'typedef struct { uint64_t keys; int32_t mac; } mac_t;',
    list(
      'MACS',
      'mac_t',
      inOrder(MACS).map(({ keyBytes, macBytes }) => `{${lengths(keyBytes)}, ${macBytes}}`),
    ),
    'typedef struct { uint64_t keys; int32_t block; } cipher_t;',
    list(
      'CIPHERS',
      'cipher_t',
      inOrder(CIPHERS).map(({ keyBytes, blockBytes }) => `{${lengths(keyBytes)}, ${blockBytes}}`),
    ),
    '',
  ].join('\n')
}

const inOrder = <T extends { code: number }>(specs: Readonly<Record<string, T>>): T[] =>
  Object.values(specs).toSorted((a, b) => a.code - b.code)

const FLAGS = [
  ...[
    '-O2',
    '-g1',
    '-w',
    '-fsanitize=fuzzer,address',
    '-fno-omit-frame-pointer',
    '-DWASM_RT_MEMCHECK_SIGNAL_HANDLER=1',
  ],
  // Stack and globals are not watched here, and cost time.
  ...['-mllvm', '-asan-stack=0', '-mllvm', '-asan-globals=0'],
]

/**
 * Builds the fuzzer over a compiled core in `folder`. Returns its path. Throws with the compiler's output.
 */
export function buildNative(
  { wasm2c, clang }: Tools,
  wasm: string,
  module: WebAssembly.Module,
  folder: string,
): string {
  mkdirSync(folder, { recursive: true })
  cpSync(wasm, join(folder, 'core.wasm'))
  execFileSync(wasm2c, ['core.wasm', '-o', 'core.c'], { cwd: folder })
  writeFileSync(join(folder, 'abi.h'), header(module, readFileSync(join(folder, 'core.h'), 'utf8')))
  const harness = join(import.meta.dirname, 'core.c')
  execFileSync(clang, [...FLAGS, '-I.', '-o', 'fuzzer', 'core.c', harness], { cwd: folder })
  return join(folder, 'fuzzer')
}

export interface NativeTask {
  readonly fuzzer: string
  readonly folder: string
  readonly seeds: readonly Uint8Array[]
  readonly seed: number
  readonly seconds: number
  readonly execs: number
  readonly deadlineSeconds: number
}

/** The longest program, in bytes: four calls with their literals. */
const LONGEST_PROGRAM = 64

/** Runs libFuzzer from the seeds until the time or count is reached, or a counterexample is found. */
export async function runNatively(task: NativeTask): Promise<Report> {
  const { fuzzer, folder, seeds, seed, seconds, execs, deadlineSeconds } = task
  const [corpus, crashes] = [freshFolder(join(folder, 'corpus')), freshFolder(join(folder, 'crashes'))]
  seeds.forEach((input, at) => {
    writeFileSync(join(corpus, String(at)), input)
  })
  const start = performance.now()
  const args = [
    ...[corpus, `-seed=${seed}`, `-max_total_time=${seconds}`, `-max_len=${LONGEST_PROGRAM}`],
    ...[`-timeout=${deadlineSeconds}`, `-artifact_prefix=${crashes}/`, '-print_final_stats=1'],
    ...(Number.isFinite(execs) ? [`-runs=${execs}`] : []),
  ]
  const { text, isClean } = await outputOf(fuzzer, args)
  const numberIn = (pattern: RegExp): number => Number(text.match(pattern)?.[1] ?? 0)
  const [crash] = readdirSync(crashes)
  const input = crash === undefined ? new Uint8Array() : Uint8Array.from(readFileSync(join(crashes, crash)))
  const edges = [...text.matchAll(/cov: (\d+)/g)].at(-1)?.[1] ?? '0'
  return {
    execs: numberIn(/number_of_executed_units: +(\d+)/),
    seconds: (performance.now() - start) / 1000,
    note: `${numberIn(/CALLS (\d+)/)} calls, ${numberIn(/REFUSALS (\d+)/)} refused; ${edges} edges`,
    kept: readdirSync(corpus).map((name) => Uint8Array.from(readFileSync(join(corpus, name)))),
    ...(!isClean && { result: { description: summaryOf(text), input } }),
  }
}

/** The fewest inputs that together reach everything that all reach. */
export async function minimised(
  fuzzer: string,
  folder: string,
  inputs: readonly Uint8Array[],
): Promise<Uint8Array[]> {
  const [all, minimal] = [freshFolder(join(folder, 'all')), freshFolder(join(folder, 'few'))]
  inputs.forEach((input, at) => {
    writeFileSync(join(all, String(at)), input)
  })
  await outputOf(fuzzer, ['-merge=1', '-use_counters=0', minimal, all])
  return readdirSync(minimal).map((name) => Uint8Array.from(readFileSync(join(minimal, name))))
}

/** The harness's or the sanitizer's message, in a line. */
const summaryOf = (text: string): string =>
  /FINDING (.*)/.exec(text)?.[1] ?? /ERROR: (.*)/.exec(text)?.[1] ?? text.slice(-200)

function freshFolder(path: string): string {
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path, { recursive: true })
  return path
}

interface Output {
  readonly text: string
  readonly isClean: boolean
}

/** A program's whole output, and whether it ended well. */
function outputOf(command: string, args: readonly string[]): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let text = ''
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      text += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ text, isClean: code === 0 }))
  })
}
