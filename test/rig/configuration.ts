/** @module What a rig's folder holds beside the database: the bundle as it would be uploaded, and workerd's configuration. */

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { build } from '../../src/cli/build.ts'
import { complaintOf, root, runWrangler } from '../../src/cli/wrangler.ts'
import type { RigOptions } from './rig.ts'

export const RIG_MASTER_KEY = 'ab'.repeat(32)

/** The binding's name of each isolate, which is its service's and its socket's too. */
export const isolateNames = (isolates: number): string[] =>
  Array.from({ length: isolates }, (_, i) => `annul${i}`)

/** Makes or refreshes all that `workerd serve` reads; the bundle is made once. */
export async function prepare(options: RigOptions): Promise<void> {
  const { dir } = options
  mkdirSync(join(dir, 'data'), { recursive: true })
  await bundle(dir)
  const d1 = readFileSync(join(import.meta.dirname, 'd1.ts'), 'utf8')
  writeFileSync(join(dir, 'd1.js'), stripTypeScriptTypes(d1))
  writeFileSync(join(dir, 'config.capnp'), configuration(options))
}

async function bundle(dir: string): Promise<void> {
  if (existsSync(join(dir, 'bundle'))) return
  await build()
  const draft = join(dir, 'draft')
  rmSync(draft, { recursive: true, force: true })
  const finished = await runWrangler(['deploy', '--dry-run', '--env', '', '--outdir', draft])
  if (finished.code !== 0) throw new Error(`bundle: ${complaintOf(finished)}`)
  renameSync(draft, join(dir, 'bundle'))
}

/** A text as Cap'n Proto writes it. */
const quote = (text: string): string => JSON.stringify(text)

function configuration({
  dir,
  port = 0,
  isolates = 1,
  vars = {},
  faults = {},
  hostPort,
}: RigOptions): string {
  const { compatibility, settings } = deployment()
  const modules = readdirSync(join(dir, 'bundle'))
    .filter((name) => /\.(js|wasm)$/.test(name))
    .sort((a, b) => Number(b === 'index.js') - Number(a === 'index.js'))
    .map((name) => `(name = ${quote(name)}, ${kindOf(name)} = embed ${quote(`bundle/${name}`)})`)
  const texts = Object.entries({ ...settings, MASTER_KEY: RIG_MASTER_KEY, ...vars }).map(
    ([name, value]) => `(name = ${quote(name)}, text = ${quote(value)})`,
  )
  const names = isolateNames(isolates)
  const host = hostPort === undefined ? [] : ['(name = "ACQUIRER_HOST", service = "host")']
  const services = names.map(
    (name) => `(name = "${name}", worker = (${compatibility}, modules = [${modules.join(', ')}], bindings = [
      (name = "DB", wrapped = (moduleName = "cloudflare-internal:d1-api",
        innerBindings = [(name = "fetcher", service = "d1")])),
      ${[...texts, ...host].join(',\n      ')}]))`,
  )
  const sockets = names.map(
    (name, i) =>
      `(name = "${name}", address = "127.0.0.1:${port === 0 ? 0 : port + i}", http = (), service = "${name}")`,
  )
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${services.join(',\n    ')},
    (name = "d1", worker = (${D1_COMPATIBILITY}, modules = [(name = "d1.js", esModule = embed "d1.js")],
      durableObjectNamespaces = [(className = "Database", uniqueKey = "annul", enableSql = true, preventEviction = true)],
      durableObjectStorage = (localDisk = "data"),
      bindings = [(name = "DATABASE", durableObjectNamespace = "Database"),
        (name = "FAULTS", json = ${quote(JSON.stringify(faults))}),
        (name = "ISOLATES", json = ${quote(JSON.stringify(names))}),
        ${names.map((name) => `(name = "${name}", service = "${name}")`).join(', ')}])),
    (name = "data", disk = (path = "data", writable = true)),
    ${hostPort === undefined ? '' : `(name = "host", external = (address = "127.0.0.1:${hostPort}", http = ())),`}
    (name = "internet", network = (allow = ["local"]))
  ],
  sockets = [
    (name = "control", address = "127.0.0.1:0", http = (), service = (name = "d1", entrypoint = "Control")),
    ${sockets.join(',\n    ')}
  ]
);
`
}

/** `service_binding_extra_handlers`: lets `Control` run a scheduled handler. */
const D1_COMPATIBILITY =
  'compatibilityDate = "2026-10-01", compatibilityFlags = ["service_binding_extra_handlers", "experimental"]'

const kindOf = (name: string): string => (name.endsWith('.wasm') ? 'wasm' : 'esModule')

/** What wrangler.toml says of the top-level environment. */
function deployment(): { compatibility: string; settings: Record<string, string> } {
  const toml = readFileSync(join(root, 'wrangler.toml'), 'utf8')
  const date = /^compatibility_date = (".*")$/m.exec(toml)?.[1]
  const flags = /^compatibility_flags = (\[.*\])$/m.exec(toml)?.[1]
  const vars = /^\[vars\]\n((?:(?:#.*|\w+ = ".*")\n)+)/m.exec(toml)?.[1]
  if (date === undefined || flags === undefined || vars === undefined)
    throw new Error('wrangler.toml: expected compatibility_date, compatibility_flags and [vars]')
  const settings = [...vars.matchAll(/^(\w+) = "(.*)"$/gm)].map(([, name = '', value = '']) => [name, value])
  return {
    compatibility: `compatibilityDate = ${date}, compatibilityFlags = ${flags}`,
    settings: Object.fromEntries(settings),
  }
}
