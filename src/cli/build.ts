/** @module `annul build`: compiles `assembly/` into `build/core.wasm`, if a source is newer. */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Run } from './lib/declare.ts'
import type { BUILD } from './table/development.ts'

const root = join(import.meta.dirname, '../..')

/** The compiled core. */
export const corePath: string = join(root, 'build/core.wasm')

/** 64-KiB pages. The layout needs 16.3. A memory that cannot grow never detaches the embedder's view of it. */
const PAGES = '17'

/** Time of the last change in milliseconds; 0 for a missing file. */
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
 * Compiles the core if a source is newer. The result gets its name in one step, so that a reader, or another build at the same
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

export const run: Run<typeof BUILD> = async () => {
  await build()
  return 0
}
