/** @module Removes a check of the service while it is loaded, so that the product has no switches for it. */

import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const root = join(import.meta.dirname, '../..')

/** The changed text of a file that no module loader reads: a migration. */
const changedTexts = new Map<string, string>()

/** The text of a file, with the change of the mutant of this thread, if any. */
export const textOf = (path: string): string => changedTexts.get(path) ?? readFileSync(path, 'utf8')

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

/** From now on this thread loads the file, or reads the migration, with the mutant's change. */
export function takeOut(mutant: Mutant): void {
  const source = mutated(mutant)
  if (mutant.file.endsWith('.sql')) {
    changedTexts.set(join(root, mutant.file), source)
    return
  }
  const changed = pathToFileURL(join(root, mutant.file)).href
  registerHooks({
    load: (url, context, next) =>
      url === changed
        ? { format: 'module', source: stripTypeScriptTypes(source), shortCircuit: true }
        : next(url, context),
  })
}
