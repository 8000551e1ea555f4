/** @module A database with one merchant, for tests that commit without the pipeline. */

import { newTerminal } from '../../src/domain/decide-provision.ts'
import type { ProvisionRequest } from '../../src/domain/requests.ts'
import { USUAL_FORMS } from '../../src/domain/terminal-profile.ts'
import type { Terminal } from '../../src/domain/types.ts'
import { type Db, openDb } from '../../src/store/db.ts'
import { type JournalRow, verifyChain } from '../../src/store/journal.ts'
import { load } from '../../src/store/load.ts'
import * as f from '../domain/fixtures.ts'
import { bindD1, Storage } from '../simulation/platform/d1.ts'
import { seeded } from '../support/micro-random.ts'

/** Numbers from 0 to under 1. */
export const seededRandom = (seed: number) => {
  const { below } = seeded(seed)
  return () => below(1_000_000) / 1_000_000
}

const TABLES = ['journal', 'terminal', 'sale', 'void', 'batch', 'reversal', 'acquirer_message', 'guard']

export class Database {
  readonly storage = new Storage()
  readonly db: Db = openDb(bindD1(this.storage, (_, apply) => Promise.resolve(apply())))

  constructor() {
    this.storage.rows(
      `insert into merchant (merchant_id, name, status, time_zone, cut_off, window_kind, currency_code, head_seq, head_hash, head_mac, head_mac_key)
       values (?, 'Test', 'active', 'Asia/Shanghai', '23:00', 'business_day', '156', 0, '', '', 1)`,
      f.MID,
    )
  }

  dump(): Record<string, unknown> {
    return Object.fromEntries(
      TABLES.map((table) => [table, this.storage.rows(`select * from ${table} order by 1, 2`)]),
    )
  }

  async terminal(): Promise<Terminal> {
    const [loaded] = await load(this.db, [{ terminalId: f.TID }], f.NOW)
    const profile = {
      status: 'active',
      macProfile: 'cup-ecb',
      textEncoding: 'gbk',
      settlementMac: 'optional',
      ...USUAL_FORMS,
    }
    const request = { terminalId: f.TID, merchantId: f.MID, profile } as ProvisionRequest
    return loaded?.terminal ?? newTerminal(request)
  }

  async faultOfJournal(): Promise<unknown> {
    const rows = this.storage.rows<JournalRow>(
      `select terminal_id as terminalId, seq, hash, message_key as messageKey, rrn, body
       from journal order by seq`,
    )
    return verifyChain(rows, (await this.terminal()).head)
  }
}

/** An entry of another terminal. */
export function insertEntry(storage: Storage, messageKey: string, rrn: string | null): void {
  storage.rows(
    `insert into journal (terminal_id, seq, hash_raw, message_key, rrn_raw, body)
     values ('other', 1, x'', ?, cast(? as integer), '{}')`,
    messageKey,
    rrn,
  )
}
