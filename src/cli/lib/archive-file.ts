/**
 * @module The file of a segment: lines of JSON. The first line says what the segment is, the others are its entries as the
 * database had them. The last line is the seal, a MAC of the service.
 */

import type { Keyring } from '../../crypto/keyring.ts'
import { fileContent, type SegmentRange } from '../../store/archive/segment.ts'
import { type JournalRow, sha256 } from '../../store/journal.ts'

/** The number of the format of a file. */
const FORMAT = 1

/** The first line. Hashes are 64 lower-case hex digits. */
export interface SegmentHeader {
  readonly archive: number
  readonly stream: string
  /** In UTC, `YYYY-MM`. */
  readonly month: string
  readonly first: number
  readonly last: number
  readonly entries: number
  readonly previousHash: string
  readonly lastHash: string
}

/** A file that was read and whose seal is right. */
export interface SegmentFile {
  readonly header: SegmentHeader
  readonly rows: readonly JournalRow[]
  /** SHA-256 of all lines but the seal. */
  readonly digest: string
}

/** The content of a file, without its seal. Equal segments have equal contents. */
export function contentOf(
  range: SegmentRange,
  { month, previousHash }: { readonly month: string; readonly previousHash: string },
  rows: readonly JournalRow[],
): string {
  const header: SegmentHeader = {
    archive: FORMAT,
    stream: range.terminalId,
    month,
    first: range.firstSeq,
    last: range.lastSeq,
    entries: rows.length,
    previousHash,
    lastHash: rows.at(-1)?.hash ?? previousHash,
  }
  const lines = rows.map(({ seq, hash, messageKey, rrn, body }) =>
    JSON.stringify([seq, hash, messageKey, rrn, body]),
  )
  return `${[JSON.stringify(header), ...lines].join('\n')}\n`
}

/** A content with its seal. */
export async function sealed(content: string, keyring: Pick<Keyring, 'journalMac' | 'journalKeyId'>) {
  const digest = await sha256(content)
  const mac = (await keyring.journalMac(fileContent(digest))).toHex()
  const seal = { sha256: digest, keyId: keyring.journalKeyId, mac }
  return { digest, text: `${content}${JSON.stringify(seal)}\n` }
}

/** Reads a file. A text says what is wrong with it. */
export async function readSegment(
  text: string,
  { verifyJournalMac }: Pick<Keyring, 'verifyJournalMac'>,
): Promise<SegmentFile | string> {
  const end = text.lastIndexOf('\n', text.length - 2) + 1
  const seal = parsed(text.slice(end))
  if (!text.endsWith('\n') || end === 0 || !isSeal(seal)) return 'it has no seal, so its end is missing'
  const content = text.slice(0, end)
  const digest = await sha256(content)
  if (digest !== seal.sha256) return 'its content was changed'
  if (!(await verifyJournalMac(fileContent(digest), Uint8Array.fromHex(seal.mac), seal.keyId)))
    return 'its seal is not the service’s'
  const [first = '', ...lines] = content.slice(0, -1).split('\n')
  const header = parsed(first) as SegmentHeader | null
  if (header?.archive !== FORMAT) return 'this version does not know its format'
  return { header, digest, rows: lines.map((line) => rowOf(header.stream, JSON.parse(line))) }
}

interface Seal {
  readonly sha256: string
  readonly keyId: number
  readonly mac: string
}

const isSeal = (value: unknown): value is Seal =>
  typeof value === 'object' &&
  value !== null &&
  'sha256' in value &&
  'keyId' in value &&
  typeof value.keyId === 'number' &&
  'mac' in value &&
  /^[0-9a-f]{64}$/.test(String(value.mac))

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}

type StoredRow = readonly [seq: number, hash: string, messageKey: string, rrn: string | null, body: string]

const rowOf = (terminalId: string, [seq, hash, messageKey, rrn, body]: StoredRow): JournalRow => ({
  terminalId,
  seq,
  hash,
  messageKey,
  rrn,
  body,
})
