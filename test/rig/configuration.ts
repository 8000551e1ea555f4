/**
 * @module The files of a rig beside the database: the bundle as it would be uploaded, and workerd's
 * configuration.
 */

import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { root } from '../../src/cli/dev/wrangler.ts'
import { bundleOf } from '../support/bundle.ts'
import type { RigOptions } from './rig.ts'

export const RIG_MASTER_KEY = 'ab'.repeat(32)

export const RIG_CONFIGURATION = 'config.capnp'

/** The binding's name of each isolate, also the name of its service and socket. */
export const isolateNames = (isolates: number): string[] =>
  Array.from({ length: isolates }, (_, i) => `annul${i}`)

/** Makes or refreshes the input of `workerd serve`. The bundle is made once. */
export async function prepare(options: RigOptions): Promise<void> {
  const { dir } = options
  mkdirSync(join(dir, 'data'), { recursive: true })
  await bundle(dir)
  writeD1(dir)
  writeFileSync(join(dir, RIG_CONFIGURATION), configuration(options))
}

/** Writes the Worker of the service "d1". */
export function writeD1(dir: string): void {
  const d1 = readFileSync(join(import.meta.dirname, 'd1.ts'), 'utf8')
  writeFileSync(join(dir, 'd1.js'), stripTypeScriptTypes(d1))
}

async function bundle(dir: string): Promise<void> {
  if (existsSync(join(dir, 'bundle'))) return
  const draft = join(dir, 'draft')
  rmSync(draft, { recursive: true, force: true })
  cpSync(await bundleOf('wrangler.toml'), draft, { recursive: true })
  renameSync(draft, join(dir, 'bundle'))
}

/** Writes the configuration of a neighbour of the rig. Returns the file's name. */
export function prepareNeighbour(options: RigOptions, d1: URL): string {
  const name = 'neighbour.capnp'
  const text = configurationOf(
    [serviceOf('annul', options), externalOf('d1', d1.port), ...surroundings(options)],
    [socketOf('annul', 0, '"annul"')],
  )
  writeFileSync(join(options.dir, name), text)
  return name
}

/** A text in Cap'n Proto's syntax. */
const quote = (text: string): string => JSON.stringify(text)

export const configurationOf = (services: readonly string[], sockets: readonly string[]): string =>
  `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${services.join(',\n    ')}
  ],
  sockets = [
    ${sockets.join(',\n    ')}
  ]
);
`

export const socketOf = (name: string, port: number, service: string): string =>
  `(name = "${name}", address = "127.0.0.1:${port}", http = (), service = ${service})`

const externalOf = (name: string, port: number | string): string =>
  `(name = "${name}", external = (address = "127.0.0.1:${port}", http = ()))`

/** The acquirer, if there is one, and this machine. */
const surroundings = ({ acquirerPort }: RigOptions): string[] => [
  ...(acquirerPort === undefined ? [] : [externalOf('acquirer', acquirerPort)]),
  '(name = "internet", network = (allow = ["local"]))',
]

function configuration(options: RigOptions): string {
  const { port = 0, isolates = 1 } = options
  const names = isolateNames(isolates)
  return configurationOf(
    [...names.map((name) => serviceOf(name, options)), d1Of(names, options), DATA, ...surroundings(options)],
    [
      socketOf('control', 0, '(name = "d1", entrypoint = "Control")'),
      socketOf('d1', 0, '"d1"'),
      ...names.map((name, i) => socketOf(name, port === 0 ? 0 : port + i, `"${name}"`)),
    ],
  )
}

/** The service as it would be uploaded. Its D1 is the service "d1". */
function serviceOf(name: string, { dir, vars = {}, acquirerPort }: RigOptions): string {
  const { compatibility, settings } = deployment()
  const modules = readdirSync(join(dir, 'bundle'))
    .filter((file) => /\.(js|wasm)$/.test(file))
    .sort((a, b) => Number(b === 'index.js') - Number(a === 'index.js'))
    .map((file) => `(name = ${quote(file)}, ${kindOf(file)} = embed ${quote(`bundle/${file}`)})`)
  const texts = Object.entries({ ...settings, MASTER_KEY: RIG_MASTER_KEY, ...vars }).map(
    ([setting, value]) => `(name = ${quote(setting)}, text = ${quote(value)})`,
  )
  const acquirer = acquirerPort === undefined ? [] : ['(name = "ACQUIRER_SERVICE", service = "acquirer")']
  return `(name = "${name}", worker = (${compatibility}, modules = [${modules.join(', ')}], bindings = [
      (name = "DB", wrapped = (moduleName = "cloudflare-internal:d1-api",
        innerBindings = [(name = "fetcher", service = "d1")])),
      ${[...texts, ...acquirer].join(',\n      ')}]))`
}

/** The folder of the database. */
export const DATA = '(name = "data", disk = (path = "data", writable = true))'

/** The service "d1" over the folder "data". `names`: services that its control API may start. */
export const d1Of = (names: readonly string[], { faults = {} }: Pick<RigOptions, 'faults'>): string =>
  `(name = "d1", worker = (${D1_COMPATIBILITY}, modules = [(name = "d1.js", esModule = embed "d1.js")],
      durableObjectNamespaces = [(className = "Database", uniqueKey = "annul", enableSql = true, preventEviction = true)],
      durableObjectStorage = (localDisk = "data"),
      bindings = [(name = "DATABASE", durableObjectNamespace = "Database"),
        (name = "FAULTS", json = ${quote(JSON.stringify(faults))}),
        (name = "ISOLATES", json = ${quote(JSON.stringify(names))}),
        ${names.map((name) => `(name = "${name}", service = "${name}")`).join(', ')}]))`

/** `service_binding_extra_handlers`: lets `Control` run a scheduled handler. */
const D1_COMPATIBILITY =
  'compatibilityDate = "2026-10-01", compatibilityFlags = ["service_binding_extra_handlers", "experimental"]'

const kindOf = (name: string): string => (name.endsWith('.wasm') ? 'wasm' : 'esModule')

/** The settings of the top-level environment in wrangler.toml. */
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
