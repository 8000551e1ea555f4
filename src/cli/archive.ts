/**
 * @module `annul journal archive`: moves old months of terminals' journals from the database into a folder. `annul journal find`: finds
 * a sale or void there.
 */

import { shownJson } from '../domain/terminal-number.ts'
import { ArchiveFolder } from './lib/archive-folder.ts'
import { type ArchivedSegment, archiveJournal } from './lib/archive-journal.ts'
import { databaseOf, executeIn } from './lib/database.ts'
import type { Run } from './lib/declare.ts'
import { Failure } from './lib/failure.ts'
import { findEntries } from './lib/find-entries.ts'
import { keyringFor } from './lib/open-keyring.ts'
import type { ARCHIVE_JOURNAL, FIND_ENTRIES } from './table/journal.ts'

export const archive: Run<typeof ARCHIVE_JOURNAL> = async (parsed, io) => {
  const database = databaseOf(parsed)
  const keyring = await keyringFor(database, io.env)
  let told = 0
  const isDone = await archiveJournal({
    execute: executeIn(database),
    keyring,
    folder: new ArchiveFolder(parsed.archive),
    now: Date.now(),
    isApplied: parsed.apply,
    tell: (segment) => {
      told++
      io.stdout(parsed.json ? shownJson(segment) : sentence(segment, parsed.apply))
    },
  })
  if (told === 0) io.stderr('journal archive: no month can leave the database')
  else if (!parsed.apply) io.stderr('journal archive: nothing was written: add --apply')
  if (!isDone) io.stderr('journal archive: a segment changed meanwhile and stayed: run the command again')
  return isDone ? 0 : 1
}

function sentence({ terminalId, month, first, last, archived }: ArchivedSegment, isApplied: boolean): string {
  const what = archived ? 'left the database' : isApplied ? 'stayed' : 'would leave the database'
  return `terminal ${terminalId.trimEnd()}, ${month}: entries ${first} to ${last} ${what}`
}

export const find: Run<typeof FIND_ENTRIES> = async (parsed, io) => {
  const keyring = await keyringFor(databaseOf(parsed), io.env)
  const found = await findEntries(new ArchiveFolder(parsed.archive), keyring, parsed.argument)
  if (found.length === 0) throw new Failure('the archive has no such message')
  for (const { entry, rrn } of found) {
    const { terminalId, seq, kind, messageKey, request, answer, effects } = entry
    const at = new Date(entry.at).toISOString()
    const line = { terminalId, seq, kind, at, messageKey, rrn, request, answer, effects }
    const result = answer === null ? '' : ` ${answer.responseCode}`
    io.stdout(
      parsed.json ? shownJson(line) : `${at} ${terminalId.trimEnd()} ${seq} ${kind}${result} ${messageKey}`,
    )
  }
  return 0
}
