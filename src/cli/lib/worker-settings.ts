/** @module Reads the settings of an environment's database from `wrangler.toml`. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readDatabaseLimit } from '../../store/size.ts'
import { root } from '../dev/wrangler.ts'
import { bindingOf, type Database } from './database.ts'
import { Failure } from './failure.ts'

export interface DatabaseSettings {
  /** The id of the D1 database. */
  readonly id: string
  /** The most bytes that it can have. */
  readonly limit: number
}

/** The assignments `name = "value"` below each such heading. Environments inherit neither variables nor databases. */
const sectionsOf = (toml: string, heading: string): Map<string, string>[] =>
  toml
    .split(/^(?=\[)/m)
    .filter((part) => part.startsWith(`${heading}\n`))
    .map((section) => {
      const found = section.matchAll(/^(\w+) = "([^"]*)"/gm)
      return new Map([...found].map(([, name = '', value = '']) => [name, value]))
    })

/**
 * The settings of a database in the text of `wrangler.toml`, by its environment and binding. Throws Failure where the environment has
 * no such database or a wrong limit.
 */
export function databaseSettings(toml: string, env: string | undefined, binding = 'DB'): DatabaseSettings {
  const prefix = env === undefined ? '' : `env.${env}.`
  const databases = sectionsOf(toml, `[[${prefix}d1_databases]]`)
  const id = databases.find((one) => one.get('binding') === binding)?.get('database_id')
  if (id === undefined)
    throw new Failure(`wrangler.toml: no database for the environment ${env} with the binding ${binding}`)
  try {
    const [vars] = sectionsOf(toml, `[${prefix}vars]`)
    const limit = readDatabaseLimit(vars?.get('DATABASE_LIMIT_BYTES'))
    return { id, limit }
  } catch (error) {
    throw new Failure(`wrangler.toml: ${error instanceof RangeError ? error.message : 'not read'}`)
  }
}

/** The databases of an environment in the text of `wrangler.toml`: `DB_0`, then the others by their numbers. */
export function databaseNames(toml: string, env: string | undefined): string[] {
  const heading = env === undefined ? '[[d1_databases]]' : `[[env.${env}.d1_databases]]`
  const numbers = sectionsOf(toml, heading).flatMap((one) => {
    const [, number] = /^DB_([1-9]\d{0,3})$/.exec(one.get('binding') ?? '') ?? []
    return number === undefined ? [] : [Number(number)]
  })
  return [0, ...numbers.toSorted((a, b) => a - b)].map((number) => `DB_${number}`)
}

const readToml = (): string => readFileSync(join(root, 'wrangler.toml'), 'utf8').replaceAll('\r\n', '\n')

/** The settings of a database of this checkout. */
export const readDatabaseSettings = (database: Pick<Database, 'name' | 'env'>): DatabaseSettings =>
  databaseSettings(readToml(), database.env, bindingOf(database))

/** The databases of an environment of this checkout. */
export const readDatabaseNames = ({ env }: Pick<Database, 'env'>): string[] => databaseNames(readToml(), env)
