/** @module The master keys of the service, for commands that open its data keys: from the environment, or from `.dev.vars`. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MasterKeys } from '../../crypto/data-keys.ts'
import { type KeyringSettings, readMasterKeys } from '../../crypto/keyring.ts'
import { root } from '../dev/wrangler.ts'
import type { Database } from './database.ts'
import { UsageError } from './failure.ts'
import type { CommandIo } from './io.ts'

const NAMES = ['MASTER_KEY', 'MASTER_KEY_PREVIOUS'] as const

/** Throws UsageError with the name of a setting that is missing or wrong, never its value. */
export async function masterKeysFor(
  { remote }: Database,
  env: CommandIo['env'],
  devVars = join(root, '.dev.vars'),
): Promise<MasterKeys> {
  const inFile = remote || !existsSync(devVars) ? {} : settingsIn(readFileSync(devVars, 'utf8'))
  const settings: KeyringSettings = Object.fromEntries(NAMES.map((name) => [name, env[name] ?? inFile[name]]))
  try {
    return await readMasterKeys(settings)
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error
  }
}

/** The settings of a file with `NAME=value` in each line. */
const settingsIn = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...text.matchAll(/^\s*(\w+)\s*=[ \t]*(["']?)(.*?)\2[ \t]*$/gm)].map(([, name = '', , value = '']) => [
      name,
      value,
    ]),
  )
