/**
 * @module The journal of a terminal with an acquirer, committed in sets of several sizes: the tables are those of one entry at a time.
 * Claims, outcomes and reversals of several messages are in one set.
 */

import { describe, expect, it } from 'vitest'
import { commit } from '../../src/store/commit.ts'
import type { JournalRow } from '../../src/store/journal.ts'
import { Replay } from '../../src/store/replay.ts'
import type { CommitItem } from '../../src/store/step.ts'
import { TID } from '../domain/fixtures.ts'
import type { Message as Command } from '../model/commands.ts'
import type { KnownMessage } from '../model/knowledge.ts'
import { messageFor, messageOf } from '../model/messages.ts'
import { TestService } from '../support/test-service.ts'
import { scriptedAcquirer } from '../worker/scripted-acquirer.ts'
import { Database } from './database.ts'

const service = new TestService(scriptedAcquirer().port)
let number = 0

/** Sends a command about the message with this key. */
async function send(command: Command, key = ''): Promise<void> {
  const [row = {}] = service.rows('select id, rrn from sale where message_key = ?', key)
  const kind = key.endsWith('v') ? 'void' : 'sale'
  const of: KnownMessage = {
    key,
    kind,
    amount: 100,
    isAnswered: true,
    id: String(row.id),
    rrn: String(row.rrn),
  }
  const none = { open: '000001', now: service.now, debit: [0, 0], credit: [0, 0] } as const
  const prepared = messageFor(command, { ...none, find: () => of }, ++number)
  if (prepared === null) throw new Error('no message')
  service.now += 1_000
  await service.send(messageOf(prepared))
}

const keyOf = (stan: number, kind: 's' | 'v') => `${TID}000001${String(stan).padStart(6, '0')}${kind}`
const sale = (stan: number) => send({ kind: 'sale', stan, batch: 'open', amount: 100, currency: '156' })
const voidOf = (stan: number, of: number) =>
  send({ kind: 'void', stan, batch: 'open', ago: 0, by: 'key', off: 0, card: 'right' }, keyOf(of, 's'))
const reversalOf = (key: string) =>
  send({ kind: 'reversal', of: key.endsWith('v') ? 'void' : 'sale', ago: 0, off: 0, card: 'right' }, key)
const event = (
  key: string,
  name: 'acquirer_approved' | 'acquirer_declined' | 'acquirer_undone' | 'give_up',
) => send({ kind: 'acquirer', ago: 0, event: name }, key)

/** All of a day at the acquirer, with the moves of several messages side by side. */
async function live(): Promise<JournalRow[]> {
  await send({ kind: 'provision', window: 'business_day' })
  for (const stan of [1, 2, 3, 4]) await sale(stan)
  service.now += 60_000
  await event(keyOf(1, 's'), 'give_up')
  for (const stan of [2, 3]) await event(keyOf(stan, 's'), 'acquirer_approved')
  await event(keyOf(4, 's'), 'acquirer_declined')
  for (const stan of [2, 3]) await voidOf(stan + 10, stan)
  await event(keyOf(1, 's'), 'acquirer_undone')
  await event(keyOf(12, 'v'), 'acquirer_declined')
  await event(keyOf(13, 'v'), 'acquirer_approved')
  await voidOf(22, 2)
  await event(keyOf(22, 'v'), 'acquirer_approved')
  await reversalOf(keyOf(22, 'v'))
  await reversalOf(keyOf(3, 's'))
  for (const key of [keyOf(22, 'v'), keyOf(13, 'v'), keyOf(3, 's')]) await event(key, 'acquirer_undone')
  return service.rows<JournalRow>(
    `select terminal_id as terminalId, seq, hash, message_key as messageKey, rrn, body
     from journal where terminal_id = ? order by seq`,
    TID,
  )
}

function itemsOf(rows: readonly JournalRow[]): CommitItem[] {
  const replay = new Replay()
  const saleKeys = new Map<string, string>()
  return rows.map((row) => {
    const { effects, terminal } = replay.next(row)
    if (terminal === null) throw new Error('an entry of a terminal')
    for (const one of [effects.sale, effects.claimedSale])
      if (one !== undefined) saleKeys.set(one.id, one.messageKey)
    const saleKey = saleKeys.get(effects.voidRecord?.saleId ?? '')
    const sealed = { ...row, previousHash: terminal.head.hash }
    return {
      row: sealed,
      headMac: { keyId: 1, mac: 'test' },
      effects,
      terminal,
      needs: [],
      moves: [],
      saleKey,
    }
  })
}

async function tablesOf(items: readonly CommitItem[], size: number): Promise<unknown> {
  const database = new Database()
  for (let from = 0; from < items.length; from += size)
    expect(await commit(database.db, items.slice(from, from + size))).not.toContain(false)
  return database.dump()
}

describe('the journal of a day at the acquirer', async () => {
  const rows = await live()
  const one = (await tablesOf(itemsOf(rows), 1)) as Record<string, unknown[]>

  it('has messages with a row and messages without one', () => {
    const keys = one.acquirer_message?.map((row) => (row as { message_key: string }).message_key)
    expect(keys).toEqual([keyOf(1, 's'), keyOf(3, 's'), keyOf(13, 'v'), keyOf(22, 'v')])
    expect(rows.length).toBeGreaterThan(20)
  })

  it.each([2, 3, 4, 5, 7, 10, rows.length])('gives the same tables in sets of %d', async (size) => {
    expect(await tablesOf(itemsOf(rows), size)).toEqual(one)
  })
})
