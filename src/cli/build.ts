/** @module `annul build`: compiles `assembly/` into `build/core.wasm`, when it is not already newer than its sources. */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { CommandIo } from './lib/io.ts'

const root = join(import.meta.dirname, '../..')

/** Where the compiled core lies. */
export const corePath: string = join(root, 'build/core.wasm')

/** 64-KiB pages. The layout needs 16.3; a module that cannot grow never detaches the acquirer's view. */
const PAGES = '17'

/** Time of the last change in milliseconds; 0 for a file that is not there. */
async function changedAt(path: string): Promise<number> {
  return stat(path).then(
    (file) => file.mtimeMs,
    () => 0,
  )
}

/** True if `build/core.wasm` is newer than every source of the core and than this file, which holds its compiler options. */
export async function isCoreFresh(): Promise<boolean> {
  const assembly = join(root, 'assembly')
  const names = (await readdir(assembly)).filter((name) => name.endsWith('.ts'))
  const sources = [import.meta.filename, assembly, ...names.map((name) => join(assembly, name))]
  const built = await changedAt(corePath)
  const times = await Promise.all(sources.map(changedAt))
  return times.every((time) => time < built)
}

/** Compiles `assembly/index.ts` under `base` to `base/outFile`. Throws with the compiler's messages where it does not compile. */
export async function compileCore(base: string, outFile: string): Promise<void> {
  const { default: asc } = await import('assemblyscript/asc')
  const memory = ['--initialMemory', PAGES, '--maximumMemory', PAGES]
  const options = ['--runtime', 'stub', '-O3', ...memory, '--use', 'abort=']
  const { error, stderr } = await asc.main([
    'assembly/index.ts',
    '--baseDir',
    base,
    '--outFile',
    outFile,
    ...options,
  ])
  if (error) throw new Error(`The core does not compile: ${error.message}\n${stderr.toString()}`)
}

/**
 * Compiles the core if need be. The result appears under its name in one step, so that a reader, or another build at the same
 * time, never sees half a file. Throws with the compiler's messages if the sources do not compile.
 */
export async function build(): Promise<void> {
  if (await isCoreFresh()) return
  await mkdir(dirname(corePath), { recursive: true })
  const draft = `build/core.${crypto.randomUUID()}.wasm`
  try {
    await compileCore(root, draft)
    await rename(join(root, draft), corePath)
  } finally {
    await rm(join(root, draft), { force: true })
  }
}

export async function run(args: string[], io: CommandIo): Promise<number> {
  if (args.length > 0) {
    io.stderr('build takes no arguments')
    return 2
  }
  await build()
  return 0
}
