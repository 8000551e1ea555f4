/** @module The option `--database`: its binding, its settings in `wrangler.toml`, and the database with the data keys. */

import { describe, expect, it, test } from 'vitest'
import { bindingOf, databaseOf, homeOf } from '../../src/cli/lib/database.ts'
import { databaseNames, databaseSettings } from '../../src/cli/lib/worker-settings.ts'
import { callCli } from './call-cli.ts'

const id = (digit: number): string => `${digit}`.repeat(8)

/** Each database of an environment has a section of its own. */
const section = (env: string, binding: string, digit: number): string =>
  `[[${env}d1_databases]]\nbinding = "${binding}"\ndatabase_id = "${id(digit)}"\n\n`

const TOML = `${section('', 'DB', 1)}${section('', 'DB_1', 2)}[vars]
DATABASE_LIMIT_BYTES = "500000000"

${section('env.shanghai.', 'DB_12', 3)}${section('env.shanghai.', 'DB', 4)}[env.shanghai.vars]
REGION = "shanghai"
`

describe('a database', () => {
  it.each([
    [undefined, 'DB'],
    ['DB_0', 'DB'],
    ['DB_1', 'DB_1'],
    ['DB_12', 'DB_12'],
  ])('named %s has the binding %s', (database, binding) => {
    const opened = databaseOf({ database, env: 'shanghai', persistTo: undefined })
    expect(bindingOf(opened)).toBe(binding)
    // The data keys are in database 0 of the same environment.
    expect([bindingOf(homeOf(opened)), homeOf(opened).env]).toEqual(['DB', 'shanghai'])
  })

  it.each([
    [undefined, 'DB', id(1)],
    [undefined, 'DB_1', id(2)],
    ['shanghai', 'DB', id(4)],
    ['shanghai', 'DB_12', id(3)],
  ])('of environment %s with binding %s has its own id', (env, binding, found) => {
    expect(databaseSettings(TOML, env, binding).id).toBe(found)
  })

  it('that the environment does not have has no settings', () => {
    expect(() => databaseSettings(TOML, 'shanghai', 'DB_1')).toThrow('with the binding DB_1')
  })
})

test('the databases of an environment are in the order of their numbers', () => {
  const many = section('', 'DB_10', 5) + section('', 'DB_2', 6) + section('', 'OTHER_DB_3', 7) + TOML
  expect(databaseNames(many, undefined)).toEqual(['DB_0', 'DB_1', 'DB_2', 'DB_10'])
  expect(databaseNames(many, 'shanghai')).toEqual(['DB_0', 'DB_12'])
})

test.each(['DB', 'DB_', 'DB_01', 'DB_12345', 'db_1', '1', ''])('--database takes no %j', async (name) => {
  for (const command of [['journal', 'verify'], ['journal', 'rebuild'], ['status']]) {
    const { code, errors } = await callCli([...command, '--database', name])
    expect([command, code]).toEqual([command, 2])
    expect(errors).toContain('DB_0, or the binding of another database such as DB_1')
  }
})
