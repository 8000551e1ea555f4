/** @module The deployed bundle: its size and its content. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, it } from 'vitest'
import { bundleOf, digestOf } from './support/bundle.ts'

/** All modules, each gzipped, WASM too. On 2026-12-01 they were 240.4 KiB. */
const LIMIT_KIB = 280

/** The part of a bundler's metadata that this test reads. */
interface Metafile {
  readonly outputs: Readonly<Record<string, { readonly inputs: Readonly<Record<string, unknown>> }>>
}

let folder = ''
let modules: readonly Uint8Array[] = []
let inputs: readonly string[] = []

beforeAll(async () => {
  folder = await bundleOf('wrangler.toml')
  const names = readdirSync(folder).filter((name) => /\.(js|wasm)$/.test(name))
  modules = names.map((name) => readFileSync(join(folder, name)))
  const { outputs }: Metafile = JSON.parse(readFileSync(join(folder, 'bundle-meta.json'), 'utf8'))
  inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs))
})

it(`is at most ${LIMIT_KIB} KiB gzipped`, () => {
  expect(modules).toHaveLength(2)
  const bytes = modules.reduce((sum, module) => sum + gzipSync(module).length, 0)
  expect(bytes / 1024).toBeLessThanOrEqual(LIMIT_KIB)
})

it('contains the packages that the service needs, and no other', () => {
  expect(inputs.length).toBeGreaterThan(100)
  const packages = inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [])
  expect([...new Set(packages)].toSorted()).toEqual(['drizzle-orm', 'hono', 'zod'])
})

it('contains one of the fifty languages of zod', () => {
  const languages = inputs.filter((path) => /zod\/.*\/locales\//.test(path))
  expect(languages).toEqual([expect.stringMatching(/\/en\.js$/)])
})

it('is minified: a line holds many statements', () => {
  const script = readFileSync(join(folder, 'index.js'), 'utf8')
  expect(script.length / script.split('\n').length).toBeGreaterThan(1_000)
})

it('is made again when an input changes, and not otherwise', () => {
  const base = mkdtempSync(join(tmpdir(), 'annul-inputs-'))
  const paths = [
    'wrangler.toml',
    'build/core.wasm',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'src/a/b.ts',
  ]
  for (const path of paths) {
    mkdirSync(dirname(join(base, path)), { recursive: true })
    writeFileSync(join(base, path), path)
  }
  const digests = [digestOf('wrangler.toml', base)]
  expect(digestOf('wrangler.toml', base)).toBe(digests[0])
  for (const path of paths) {
    writeFileSync(join(base, path), `${path}, changed`)
    digests.push(digestOf('wrangler.toml', base))
  }
  renameSync(join(base, 'src/a/b.ts'), join(base, 'src/a/c.ts'))
  digests.push(digestOf('wrangler.toml', base))
  expect(new Set(digests).size).toBe(digests.length)
  rmSync(base, { recursive: true })
})
