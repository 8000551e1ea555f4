/** @module The client as a module of the package: it is built, has no import of its own, runs, and brings its types. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, expect, it } from 'vitest'
import { codeBlocks, readPage } from '../integrate/pages.ts'

const TSC = resolve('node_modules/typescript/bin/tsc')
const tsc = (...args: string[]) => spawnSync(process.execPath, [TSC, ...args], { encoding: 'utf8' })

const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: { './client': { types: string; default: string } }
}

beforeAll(() => {
  const built = tsc('-p', 'tsconfig.client.json')
  if (built.status !== 0) throw new Error(built.stdout)
}, 60_000)

it('imports nothing but its own files', () => {
  const folder = resolve(exports['./client'].default, '..')
  const modules = readdirSync(folder).filter((name) => name.endsWith('.js'))
  expect(modules.length).toBeGreaterThan(2)
  const imported = modules.flatMap((name) =>
    [...readFileSync(join(folder, name), 'utf8').matchAll(/(?:from|import)\s*\(?'([^']+)'/g)].map(
      ([, to = '']) => to,
    ),
  )
  expect(imported.filter((to) => !/^\.\/\w+\.js$/.test(to))).toEqual([])
})

it('is packed without the programs of the service: of the contract a user needs the types only', () => {
  const packed = spawnSync('npm pack --dry-run --json --ignore-scripts', { encoding: 'utf8', shell: true })
  const [{ files }] = JSON.parse(packed.stdout) as [{ files: readonly { readonly path: string }[] }]
  const paths = files.map(({ path }) => path)
  expect(paths).toContain('build/client/client/index.js')
  expect(paths).toContain('build/client/api/contract.d.ts')
  const OURS =
    /^(?:build\/client\/client\/\w+\.js|build\/client\/.+\.d\.ts|LICENSE|README\.md|package\.json)$/
  expect(paths.filter((path) => !OURS.test(path))).toEqual([])
})

it('runs', async () => {
  const { createClient } = await import(pathToFileURL(resolve(exports['./client'].default)).href)
  const seen: string[] = []
  const client = createClient({
    url: 'https://annul.example/region',
    key: 'a-key-of-a-merchant',
    fetch: async (url: URL) => {
      seen.push(url.href)
      return Response.json({ name: 'annul', version: '0.1.0', docs: '/docs', openapi: '/openapi.json' })
    },
  })
  expect(await client.request('GET /')).toMatchObject({ ok: true, status: 200, body: { name: 'annul' } })
  await client.request('GET /v1/sales/{reference}', { path: { reference: '131482795537' } })
  expect(seen).toEqual([
    'https://annul.example/region/',
    'https://annul.example/region/v1/sales/131482795537',
  ])
})

/** A program, and what the compiler says of it. */
const PROGRAMS: readonly (readonly [name: string, complaint: RegExp, text: string])[] = [
  ['the examples of docs/client.md', /^$/, codeBlocks(readPage('../client.md'), 'ts').join('\n')],
  [
    'a misspelt member',
    /^[^\n]*'amout' does not exist[^\n]*\n$/,
    `import { createClient } from 'annul/client'
await createClient({ url: 'https://a.example', key: 'k' }).void({ body: { saleId: 's', amount: 1, amout: 1 } })`,
  ],
  [
    'a state that is not there',
    /^[^\n]*'"done"' have no overlap[^\n]*\n$/,
    `import type { ApiVoid } from 'annul/client'
export const isDone = ({ state }: ApiVoid): boolean => state === 'done'`,
  ],
]

/** The compiler runs once over all programs. */
it('brings its types', () => {
  const folder = 'build/client-test'
  mkdirSync(folder, { recursive: true })
  const files = PROGRAMS.map(([name, , text]) => {
    const file = join(folder, `${name.replace(/\W+/g, '-')}.ts`)
    writeFileSync(file, `${text}\nexport {}\n`)
    return file
  })
  const flags = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2024',
  ]
  const { stdout } = tsc(...flags, '--lib', 'es2024,dom', '--types', '', ...files)
  // A complaint of several lines goes on with spaces.
  const complaints = stdout.split(/^(?! |$)/m)
  for (const [i, [name, complaint]] of PROGRAMS.entries())
    expect(complaints.filter((one) => one.includes(files[i] ?? name)).join(''), name).toMatch(complaint)
  expect(complaints.filter((one) => one !== '' && !files.some((file) => one.includes(file)))).toEqual([])
})
