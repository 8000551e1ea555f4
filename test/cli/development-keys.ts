/** @module The development keys that `annul start` keeps in the folder of its database. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Credentials } from '../../src/cli/dev/server.ts'

export const keysIn = (folder: string): Credentials =>
  JSON.parse(readFileSync(join(folder, 'dev.json'), 'utf8'))

/** Loses the master key of the seeded terminal, as a file of an earlier version. The next start makes another one. */
export function forgetTerminalKey(folder: string): void {
  const { terminalKey: _, ...others } = keysIn(folder)
  writeFileSync(join(folder, 'dev.json'), JSON.stringify(others))
}
