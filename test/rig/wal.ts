/**
 * @module SQLite's write-ahead log as files (sqlite.org/walformat.html): what a loss of power may leave of it. Its header is 32
 * bytes; each frame a page behind 24 bytes.
 */

import { appendFileSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'

const HEADER = 32
const FRAME_HEADER = 24
const PAGE = 4096
const FRAME = FRAME_HEADER + PAGE

export interface Wal {
  readonly path: string
  /** Bytes up to the end of the last whole transaction. */
  readonly end: number
  /** Bytes that a checkpoint has already carried into the database: they were on the disk before it began. */
  readonly carried: number
  /** Changes whenever the log begins again at its first frame. */
  readonly salt: string
}

/** What the log holds by its own frames, and what of it its index says is in the database already (walformat.html, 2.1). */
export function walOf(data: string): Wal {
  const name = readdirSync(data).find((file) => /^[0-9a-f]{64}\.sqlite-wal$/.test(file))
  if (name === undefined) throw new Error(`${data}: no write-ahead log`)
  const path = join(data, name)
  const log = readFileSync(path)
  const salt = log.subarray(16, 24)
  let end = HEADER
  for (let at = HEADER; at + FRAME <= log.length; at += FRAME) {
    if (!log.subarray(at + 8, at + 16).equals(salt)) break
    const commits = log.readUInt32BE(at + 4) !== 0
    if (commits) end = at + FRAME
  }
  // The index is in native byte order, which is little-endian wherever workerd runs.
  const carried = readFileSync(path.replace(/wal$/, 'shm')).readUInt32LE(96)
  return { path, end, carried: HEADER + carried * FRAME, salt: salt.toString('hex') }
}

/** The log ends after `length` bytes, in the middle of a frame or not. The index is gone, as after any restart. */
export function cutWal({ path }: Wal, length: number): void {
  truncateSync(path, length)
  rmSync(path.replace(/wal$/, 'shm'))
}

/** Behind the last transaction stands the beginning of another, and then nothing that makes sense. */
export function scrawl({ path, end }: Wal, noise: Uint8Array): void {
  truncateSync(path, end)
  appendFileSync(path, noise)
  rmSync(path.replace(/wal$/, 'shm'))
}
