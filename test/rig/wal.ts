/**
 * @module SQLite's write-ahead log as files (sqlite.org/walformat.html), and the states that a loss of power
 * may leave. Its header is 32 bytes. Each frame is a page after 24 bytes.
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
  /** Bytes that a checkpoint already copied into the database. They were on the disk before it began. */
  readonly checkpointed: number
  /** Changes whenever the log restarts at its first frame. */
  readonly salt: string
}

/**
 * The content of the log by its own frames, and the part that its index marks as copied into the database
 * (walformat.html, 2.1).
 */
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
  // The index is in native byte order, which is little-endian on every platform of workerd.
  const checkpointed = readFileSync(path.replace(/wal$/, 'shm')).readUInt32LE(96)
  return { path, end, checkpointed: HEADER + checkpointed * FRAME, salt: salt.toString('hex') }
}

/**
 * The log ends after `length` bytes, possibly in the middle of a frame. The index is gone, as after any
 * restart.
 */
export function cutWal({ path }: Wal, length: number): void {
  truncateSync(path, length)
  rmSync(path.replace(/wal$/, 'shm'))
}

/** After the last transaction comes the beginning of another, and then noise. */
export function appendNoise({ path, end }: Wal, noise: Uint8Array): void {
  truncateSync(path, end)
  appendFileSync(path, noise)
  rmSync(path.replace(/wal$/, 'shm'))
}
