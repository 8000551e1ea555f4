/** @module A database of an earlier version is refused with words that say what to do. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { applyMigrations, query } from '../../../src/cli/lib/database.ts'

vi.setConfig({ testTimeout: 120_000 })

test('a database that has a journal of an earlier version', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'annul-earlier-'))
  try {
    const database = { remote: false, persistTo: folder }
    await query(database, 'create table journal (terminal_id text, seq integer, previous_hash text)')
    await expect(applyMigrations(database)).rejects.toThrow(
      /is of an earlier version.*delete it and make a new one/,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
