/** @module The core for the CLI: loaded from `build/core.wasm`, built first when that is missing or stale. */
import { readFile } from 'node:fs/promises'
import { type Core, createCore } from '../../core/instance.ts'
import { build, corePath } from '../build.ts'

/** Node's compiler of bytes. The generated Worker types leave it out, since Workers may not compile. */
const { compile } = WebAssembly as unknown as { compile(bytes: Uint8Array): Promise<WebAssembly.Module> }

export const moduleAt = async (path: string): Promise<WebAssembly.Module> => compile(await readFile(path))

export async function loadCoreModule(): Promise<WebAssembly.Module> {
  await build()
  return moduleAt(corePath)
}

export async function loadCore(): Promise<Core> {
  return createCore(await loadCoreModule(), (bytes) => crypto.getRandomValues(bytes))
}
