/** @module Removes a check of the service while it is loaded, so that the product has no switches for it. */

import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const root = join(import.meta.dirname, '../..')

/** A place in the source, and its replacement. */
export interface Mutant {
  readonly name: string
  readonly file: string
  readonly snippet: string
  readonly instead: string
}

/**
 * The source with the mutant's change. Throws unless the snippet is there exactly once: the list is out of
 * date.
 */
export function mutated({ name, file, snippet, instead }: Mutant): string {
  const source = readFileSync(join(root, file), 'utf8')
  const found = source.split(snippet).length - 1
  if (found !== 1) throw new Error(`mutant “${name}”: its snippet is ${found} times in ${file}`)
  return source.replace(snippet, () => instead)
}

/** From now on this thread loads the file with the mutant's change. */
export function takeOut(mutant: Mutant): void {
  const source = mutated(mutant)
  const changed = pathToFileURL(join(root, mutant.file)).href
  registerHooks({
    load: (url, context, next) =>
      url === changed
        ? { format: 'module', source: stripTypeScriptTypes(source), shortCircuit: true }
        : next(url, context),
  })
}
