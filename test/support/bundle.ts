/**
 * @module The Workers as they would be uploaded, each bundled once for the same sources. The name of a bundle's
 * folder is a digest of every input, so a changed input makes a new bundle.
 */

import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs'
import { join } from 'node:path'
import { build } from '../../src/cli/build.ts'
import { complaintOf, root, runWrangler } from '../../src/cli/dev/wrangler.ts'

const CACHE = join(root, 'node_modules/.cache/annul/bundles')
/** Bundles stay this long after their last use: another process may still read one. */
const KEPT_MS = 24 * 60 * 60_000

export type WorkerConfiguration = 'wrangler.toml' | 'wrangler.acquirer.toml'

/** Bundles that this process makes, by their folders. */
const made = new Map<string, Promise<void>>()

/** The folder of the bundle: `index.js`, its WASM modules, and `bundle-meta.json`. Read only. */
export async function bundleOf(configuration: WorkerConfiguration): Promise<string> {
  await build()
  const folder = join(CACHE, digestOf(configuration))
  const making = made.get(folder) ?? bundle(configuration, folder)
  made.set(folder, making)
  await making
  return folder
}

async function bundle(configuration: WorkerConfiguration, folder: string): Promise<void> {
  if (existsSync(folder)) return utimesSync(folder, new Date(), new Date())
  mkdirSync(CACHE, { recursive: true })
  forgetOld()
  const draft = `${folder}.${process.pid}`
  const finished = await runWrangler([
    ...['deploy', '--dry-run', '--metafile', '--env', ''],
    ...['--config', configuration, '--outdir', draft],
  ])
  if (finished.code !== 0) throw new Error(`${configuration}: ${complaintOf(finished)}`)
  try {
    renameSync(draft, folder)
  } catch (error) {
    // Another process was faster.
    if (!existsSync(folder)) throw error
    rmSync(draft, { recursive: true })
  }
}

/** The digest of every file that a bundle may contain, and of the files that configure it. */
export function digestOf(configuration: WorkerConfiguration, base: string = root): string {
  const sources = readdirSync(join(base, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const others = [configuration, 'build/core.wasm', 'package.json', 'package-lock.json', 'tsconfig.json']
  const hash = createHash('sha256')
  for (const path of [...others.map((name) => join(base, name)), ...sources]) {
    const content = readFileSync(path)
    hash.update(`${path.slice(base.length)} ${content.length}\n`).update(content)
  }
  return hash.digest('hex').slice(0, 32)
}

function forgetOld(): void {
  for (const name of readdirSync(CACHE)) {
    const path = join(CACHE, name)
    if (Date.now() - statSync(path).mtimeMs > KEPT_MS) rmSync(path, { recursive: true, force: true })
  }
}
