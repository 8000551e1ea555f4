/** @module The folder of an archive: one folder for each terminal, one file for each segment. */

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Keyring } from '../../crypto/keyring.ts'
import { paddedTerminal } from '../../domain/terminal-number.ts'
import type { SegmentRow } from '../../store/archive/segment.ts'
import type { ChainFault, JournalRow } from '../../store/journal.ts'
import { readSegment, type SegmentFile } from './archive-file.ts'

type Verifies = Pick<Keyring, 'verifyJournalMac'>

/** The members that a name has. */
type Named = Pick<SegmentRow, 'terminalId' | 'month' | 'firstSeq' | 'lastSeq'>

const END = '.ndjson'

/** `2026-05-000000001-000000420.ndjson` */
const nameOf = ({ month, firstSeq, lastSeq }: Named): string =>
  `${month}-${String(firstSeq).padStart(9, '0')}-${String(lastSeq).padStart(9, '0')}${END}`

/** The entries of a stream in the folder, or the first fault of its files. */
interface ReadStream {
  readonly rows: readonly JournalRow[] | null
  readonly fault: ChainFault | null
}

export class ArchiveFolder {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** A folder has the name of its terminal, without blanks. */
  #folderOf = (stream: string): string => join(this.#path, stream.trimEnd())

  /** The streams that have a folder. */
  streams(): string[] {
    if (!existsSync(this.#path)) return []
    const folders = readdirSync(this.#path, { withFileTypes: true })
    return folders.flatMap((one) => (one.isDirectory() ? [paddedTerminal(one.name)] : [])).toSorted()
  }

  /** The names of the files of a stream, in the order of their months. */
  files(stream: string): string[] {
    const path = this.#folderOf(stream)
    return existsSync(path)
      ? readdirSync(path)
          .filter((name) => name.endsWith(END))
          .toSorted()
      : []
  }

  /** Reads one file. A text says what is wrong with it. */
  async file(stream: string, name: string, keyring: Verifies): Promise<SegmentFile | string> {
    return readSegment(readFileSync(join(this.#folderOf(stream), name), 'utf8'), keyring)
  }

  /** Reads the files of the segments, and checks each against its row. No other file may be there. */
  async read(stream: string, segments: readonly SegmentRow[], keyring: Verifies): Promise<ReadStream> {
    const rows: JournalRow[] = []
    const names = new Set(this.files(stream))
    const failed = (seq: number, why: string): ReadStream => ({ rows: null, fault: { seq, why } })
    for (const row of segments) {
      const name = nameOf(row)
      if (!names.delete(name)) return failed(row.firstSeq, `its segment ${name} is missing in the folder`)
      const file = await this.file(stream, name, keyring)
      if (typeof file === 'string') return failed(row.firstSeq, `its segment ${name}: ${file}`)
      if (file.digest !== row.digest || file.header.stream !== stream)
        return failed(row.firstSeq, `its segment ${name} is another one`)
      rows.push(...file.rows)
    }
    const [other] = names
    const after = (segments.at(-1)?.lastSeq ?? 0) + 1
    return other === undefined
      ? { rows, fault: null }
      : failed(after, `the segment ${other} in the folder is not one of this database`)
  }

  /**
   * Writes a file and makes sure that it is on the disk. Reads it back, and returns what it has. A file with the same name is
   * replaced only in whole.
   */
  write(segment: Named, text: string): string {
    const folder = this.#folderOf(segment.terminalId)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const path = join(folder, nameOf(segment))
    const unfinished = `${path}.unfinished`
    const file = openSync(unfinished, 'w', 0o600)
    try {
      writeFileSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(unfinished, path)
    for (const parent of [folder, this.#path]) syncFolder(parent)
    return readFileSync(path, 'utf8')
  }

  /** Deletes a file whose entries are still in the database. */
  remove(stream: string, name: string): void {
    rmSync(join(this.#folderOf(stream), name))
  }

  /** Whether a file has the name of a segment. */
  isNamed = (segment: Named, name: string): boolean => nameOf(segment) === name
}

/** Makes sure that the names in a folder are on the disk. Windows has no such call for folders. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
