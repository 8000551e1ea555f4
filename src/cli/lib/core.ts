/** @module The core for the CLI: loads `build/core.wasm`, and builds it first if it is missing or out of date. */
import { readFile } from 'node:fs/promises'
import { type Core, createCore } from '../../core/instance.ts'
import { build, corePath } from '../build.ts'

/** Node compiles bytes. The generated types of Workers leave it out, because a Worker may not compile. */
const { compile } = WebAssembly as unknown as { compile(bytes: Uint8Array): Promise<WebAssembly.Module> }

export const moduleAt = async (path: string): Promise<WebAssembly.Module> => compile(await readFile(path))

export async function loadCoreModule(): Promise<WebAssembly.Module> {
  await build()
  return moduleAt(corePath)
}

export async function loadCore(): Promise<Core> {
  return createCore(await loadCoreModule(), (bytes) => crypto.getRandomValues(bytes))
}
