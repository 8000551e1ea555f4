/** @module Reads the settings of an environment's database from `wrangler.toml`. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readDatabaseLimit } from '../../store/size.ts'
import { root } from '../dev/wrangler.ts'
import { Failure } from './failure.ts'

export interface DatabaseSettings {
  /** The id of the D1 database. */
  readonly id: string
  /** The most bytes that it can have. */
  readonly limit: number
}

/** The assignments `name = "value"` below a heading of the file. Environments inherit neither variables nor databases. */
function sectionOf(toml: string, heading: string): Map<string, string> {
  const section = toml.split(/^(?=\[)/m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  return new Map(
    [...section.matchAll(/^(\w+) = "([^"]*)"/gm)].map(([, name = '', value = '']) => [name, value]),
  )
}

/** The settings of an environment in the text of `wrangler.toml`. Throws Failure where it has no database or a wrong limit. */
export function databaseSettings(toml: string, env: string | undefined): DatabaseSettings {
  const prefix = env === undefined ? '' : `env.${env}.`
  const id = sectionOf(toml, `[[${prefix}d1_databases]]`).get('database_id')
  if (id === undefined) throw new Failure(`wrangler.toml: no database for the environment ${env}`)
  try {
    const limit = readDatabaseLimit(sectionOf(toml, `[${prefix}vars]`).get('DATABASE_LIMIT_BYTES'))
    return { id, limit }
  } catch (error) {
    throw new Failure(`wrangler.toml: ${error instanceof RangeError ? error.message : 'not read'}`)
  }
}

/** The settings of an environment of this checkout. */
export const readDatabaseSettings = (env: string | undefined): DatabaseSettings =>
  databaseSettings(readFileSync(join(root, 'wrangler.toml'), 'utf8').replaceAll('\r\n', '\n'), env)
