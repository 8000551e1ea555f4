/** @module A folder for databases that goes with this process, also after Ctrl-C. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export function temporaryFolder(base: string = tmpdir()): string {
  const folder = mkdtempSync(join(base, 'annul-load-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
