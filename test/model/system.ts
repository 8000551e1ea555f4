/** @module The road over SQLite, with a clock and fresh values that are counted: what a command does to it, and what then stands. */

import type { Acquirer } from '../../src/host/port.ts'
import { sandbox } from '../../src/host/sandbox.ts'
import type { Outcome, Road } from '../../src/process.ts'
import { processAlone } from '../../src/process.ts'
import { openDb } from '../../src/store/db.ts'
import { type JournalRow, verifyChain } from '../../src/store/journal.ts'
import { NOW } from '../domain/fixtures.ts'
import { bindD1, type Row, Storage } from '../simulation/platform/d1.ts'
import type { Asked } from './messages.ts'

/** Never asked: in the model a host says what the commands say. */
const REMOTE: Acquirer = {
  ...sandbox,
  isRemote: true,
  ask: () => Promise.reject(new Error('the host is asked by no one')),
}

const digits = (n: number, length: number): string => String(n).padStart(length, '0')

export class System {
  now = NOW
  readonly #storage = new Storage()
  readonly #road: Road
  #made = 0

  constructor(isRemote: boolean) {
    const supplies = () => {
      const n = ++this.#made
      return {
        now: this.now,
        rrn: digits(n, 12),
        authorizationCode: digits(n, 6),
        id: digits(n, 32),
        hostStan: digits(n, 6),
        privateData: () => '',
      }
    }
    this.#road = {
      db: openDb(bindD1(this.#storage, async (_, apply) => apply())),
      acquirer: isRemote ? REMOTE : sandbox,
      supplies,
      log: () => {},
    }
  }

  send({ request, load, masterKey }: Asked): Promise<Outcome> {
    const verdict = { kind: 'verified', request, ...(masterKey === undefined ? {} : { masterKey }) } as const
    return processAlone(this.#road, { load, verify: async () => verdict })
  }

  rows<T = Row>(sql: string, ...params: string[]): T[] {
    return this.#storage.rows<T>(sql, ...params)
  }

  /** What is wrong with the journal; null where nothing is. */
  async fault(): Promise<unknown> {
    const rows = this.rows<JournalRow>(
      `select terminal_id as terminalId, seq, previous_hash as previousHash, hash, message_key as messageKey, rrn, body
       from journal order by seq`,
    )
    const [head] = this.rows<{ seq: number; hash: string }>(
      'select head_seq as seq, head_hash as hash from terminal',
    )
    return head === undefined ? 'no terminal' : verifyChain(rows, { ...head })
  }

  close(): void {
    this.#storage.close()
  }
}
