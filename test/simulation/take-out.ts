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
export const mutated = (mutant: Mutant): string =>
  changed(readFileSync(join(root, mutant.file), 'utf8'), mutant)

function changed(source: string, { name, file, snippet, instead }: Mutant): string {
  const found = source.split(snippet).length - 1
  if (found !== 1) throw new Error(`mutant “${name}”: its snippet is ${found} times in ${file}`)
  return source.replace(snippet, () => instead)
}

/** From now on this thread loads the file, or reads the migration, with the mutant's change. */
export const takeOut = (mutant: Mutant): void => takeOutAll([mutant])

/** The same with several mutants, which may change one file. */
export function takeOutAll(mutants: readonly Mutant[]): void {
  const sources = new Map<string, string>()
  for (const mutant of mutants) {
    const path = join(root, mutant.file)
    sources.set(path, changed(sources.get(path) ?? readFileSync(path, 'utf8'), mutant))
  }
  for (const [path, source] of sources) if (path.endsWith('.sql')) changedTexts.set(path, source)
  const byUrl = new Map([...sources].map(([path, source]) => [pathToFileURL(path).href, source]))
  registerHooks({
    load(url, context, next) {
      const source = byUrl.get(url)
      return source === undefined
        ? next(url, context)
        : { format: 'module', source: stripTypeScriptTypes(source), shortCircuit: true }
    },
  })
}
