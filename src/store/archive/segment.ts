/**
 * @module A segment: a part of a terminal's journal that is in the archive. Its row in the database is where the chain in the
 * database begins. The service's key signs the row and the file, each in its own domain.
 */

import type { Terminal } from '../../domain/types.ts'
import { sha256 } from '../journal.ts'

/** The entries of a segment, by their numbers in the stream of a terminal. */
export interface SegmentRange {
  readonly terminalId: string
  readonly firstSeq: number
  readonly lastSeq: number
}

/** The terminal after the last entry of a segment, and how often its entries so far raised the guard of its merchant. */
export interface SegmentState {
  readonly terminal: Terminal
  readonly raised: number
}

/** The members of a segment that its MAC covers. */
export interface Segment extends SegmentRange {
  /** In UTC, `YYYY-MM`. */
  readonly month: string
  /** Hash of the last entry, 64 lower-case hex digits. */
  readonly lastHash: string
  /** The batch that is open after the last entry, 6 digits. */
  readonly openBatch: string
  /** SHA-256 of the content of the file, 64 lower-case hex digits. */
  readonly digest: string
  /** `namesDigest` of its names. */
  readonly names: string
  /** A `SegmentState` as JSON. */
  readonly state: string
  /** Milliseconds since the epoch. */
  readonly archivedAt: number
}

/** The row of a segment. */
export interface SegmentRow extends Segment {
  readonly mac: string
  /** The id of the data key `journal`. */
  readonly macKey: number
}

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(new TextEncoder().encode(text))

/** The bytes that the MAC of a row covers. The content of a head begins with a digit, so none is equal. */
export const segmentContent = (row: Segment): Uint8Array<ArrayBuffer> =>
  bytesOf(
    `archive row|${JSON.stringify([
      row.terminalId,
      row.month,
      row.firstSeq,
      row.lastSeq,
      row.lastHash,
      row.openBatch,
      row.digest,
      row.names,
      row.state,
      row.archivedAt,
    ])}`,
  )

/** The bytes that the MAC of a file covers. `digest` is the SHA-256 of its content, lower-case hex. */
export const fileContent = (digest: string): Uint8Array<ArrayBuffer> => bytesOf(`archive file|${digest}`)

/** SHA-256 of names in any order, lower-case hex. Each name is a text with its type (`NAME_TEXT`). */
export const namesDigest = (names: readonly string[]): Promise<string> => sha256(names.toSorted().join('\n'))

/** The state in the row of a segment. Its MAC must be right. */
export const segmentState = ({ state }: Pick<Segment, 'state'>): SegmentState => JSON.parse(state)
