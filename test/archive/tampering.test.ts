/**
 * @module Someone without the key of the service changes the archive: a file, the row of a segment, a name, or the beginning of a
 * chain. Verify names it, and neither rebuild nor another run of the archiver writes anything.
 */

import { copyFileSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sealed } from '../../src/cli/lib/archive-file.ts'
import { newKeyring } from '../support/memory-data-keys.ts'
import { ArchiveWorld, dayOf, MARCH_IS_OVER, TERMINALS } from './world.ts'

const [TID, OTHER] = TERMINALS

let world: ArchiveWorld
beforeAll(async () => {
  world = await ArchiveWorld.open(false)
  for (const month of [1, 2]) for (const id of TERMINALS) await world.live(id, dayOf(month, 20))
  for (const id of TERMINALS) await world.live(id, dayOf(10, 20), false)
  await world.archive(MARCH_IS_OVER)
  world.service.storage.backUp()
})
afterAll(() => world.close())

const files = (): string[] => readdirSync(join(world.path, TID)).toSorted()
const pathOf = (name = '', stream: string = TID) => join(world.path, stream, name)

describe('a file', () => {
  const kept = new Map<string, string>()
  beforeAll(() => {
    for (const name of files()) kept.set(name, readFileSync(pathOf(name), 'utf8'))
  })
  beforeEach(() => {
    for (const name of files()) rmSync(pathOf(name))
    for (const [name, text] of kept) writeFileSync(pathOf(name), text)
  })

  const faultOf = async (): Promise<string> => {
    const faults = await world.verify(world.folder)
    expect(Object.keys(faults)).toEqual([TID])
    // Without the files the database is sound.
    expect(await world.verify()).toEqual({})
    return faults[TID] ?? ''
  }

  it('is sound as the archiver left it', async () => {
    expect(await world.verify(world.folder)).toEqual({})
  })

  it('is named when any line of it is changed, missing, doubled or moved', async () => {
    const [first = ''] = files()
    const lines = (kept.get(first) ?? '').split('\n').slice(0, -1)
    expect(lines.length).toBeGreaterThan(5)
    const changes: Record<string, (i: number) => string[]> = {
      changed: (i) =>
        lines.with(
          i,
          (lines[i] ?? '').replace(/\d(?=\D*$)/, (digit) => String(9 - Number(digit))),
        ),
      missing: (i) => lines.toSpliced(i, 1),
      doubled: (i) => lines.toSpliced(i, 0, lines[i] ?? ''),
      moved: (i) => lines.toSpliced(i, 1).toSpliced((i + 1) % lines.length, 0, lines[i] ?? ''),
    }
    for (const [how, change] of Object.entries(changes))
      for (const i of lines.keys()) {
        writeFileSync(pathOf(first), `${change(i).join('\n')}\n`)
        expect([how, i, await faultOf()]).toEqual([how, i, expect.stringContaining(first)])
      }
  })

  it('is named when it is cut off anywhere', async () => {
    const [first = ''] = files()
    const text = kept.get(first) ?? ''
    for (let length = 0; length < text.length; length += Math.ceil(text.length / 40)) {
      writeFileSync(pathOf(first), text.slice(0, length))
      expect([length, await faultOf()]).toEqual([length, expect.stringContaining(first)])
    }
  })

  it('is named when it is missing, and when another one has its name', async () => {
    const [first = '', second = ''] = files()
    rmSync(pathOf(first))
    expect(await faultOf()).toBe(`its segment ${first} is missing in the folder`)
    copyFileSync(pathOf(second), pathOf(first))
    expect(await faultOf()).toBe(`its segment ${first} is another one`)
    const foreign = readdirSync(join(world.path, OTHER.trimEnd())).toSorted()[0] ?? ''
    copyFileSync(pathOf(foreign, OTHER.trimEnd()), pathOf(first))
    expect(await faultOf()).toBe(`its segment ${first} is another one`)
  })

  it('is named when two are swapped, and when one is there twice', async () => {
    const [first = '', second = ''] = files()
    renameSync(pathOf(first), pathOf('kept'))
    renameSync(pathOf(second), pathOf(first))
    renameSync(pathOf('kept'), pathOf(second))
    expect(await faultOf()).toBe(`its segment ${first} is another one`)
    renameSync(pathOf(second), pathOf('kept'))
    renameSync(pathOf(first), pathOf(second))
    renameSync(pathOf('kept'), pathOf(first))
    copyFileSync(pathOf(first), pathOf('2025-09-000000090-000000099.ndjson'))
    expect(await faultOf()).toContain('is not one of this database')
    rmSync(pathOf('2025-09-000000090-000000099.ndjson'))
  })

  it('is named when another service sealed it', async () => {
    const [first = ''] = files()
    const content = (kept.get(first) ?? '').split('\n').slice(0, -2).join('\n')
    const other = await newKeyring('cd'.repeat(32), (bytes) => void crypto.getRandomValues(bytes))
    writeFileSync(pathOf(first), (await sealed(`${content}\n`, other)).text)
    expect(await faultOf()).toContain('its seal is not the service’s')
    // A file that the service itself sealed, with other content than its row says.
    const changed = content.replace(/"\d{12}"/, '"000000000001"')
    writeFileSync(pathOf(first), (await sealed(`${changed}\n`, world.service.keyring)).text)
    expect(await faultOf()).toBe(`its segment ${first} is another one`)
  })

  it('stops the archiver when it is one that no row names', async () => {
    const [first = ''] = files()
    copyFileSync(pathOf(first), pathOf('2025-09-000000090-000000099.ndjson'))
    const before = world.dump()
    await expect(world.archive(MARCH_IS_OVER)).rejects.toThrow('is not a segment of this database')
    writeFileSync(pathOf('2025-09-000000090-000000099.ndjson'), '{}')
    await expect(world.archive(MARCH_IS_OVER)).rejects.toThrow('nothing was archived')
    expect(world.dump()).toEqual(before)
    rmSync(pathOf('2025-09-000000090-000000099.ndjson'))
  })
})

describe('the database', () => {
  beforeEach(() => world.service.storage.restore())

  const tampered = async (sql: string): Promise<Record<string, string>> => {
    world.rows('pragma ignore_check_constraints = on')
    world.rows(sql)
    const faults = await world.verify()
    expect(await world.verify(world.folder)).not.toEqual({})
    await expect(world.archive(dayOf(12, 31) + 300 * 24 * 60 * 60_000)).rejects.toThrow(
      'nothing was archived',
    )
    return faults
  }

  const ofFirst = `terminal_id = '${TID}' and first_seq = 1`

  it('shows a change of each column of a segment', async () => {
    const columns = world.rows<{ name: string }>(`select name from pragma_table_info('archive_segment')`)
    for (const { name } of columns) {
      if (name === 'id') continue
      world.service.storage.restore()
      const [row] = world.rows<{ type: string }>(`select typeof(${name}) as type from archive_segment`)
      const value = row?.type === 'integer' ? `${name} + 1` : `${name} || 'x'`
      const faults = await tampered(`update archive_segment set ${name} = ${value} where ${ofFirst}`)
      expect([name, Object.keys(faults)]).toEqual([name, expect.arrayContaining([TID])])
    }
  })

  it('shows a segment that was deleted, added, or numbered anew', async () => {
    const missing = { [TID]: 'the row of its segment in the archive is missing' }
    expect(await tampered(`delete from archive_segment where ${ofFirst}`)).toEqual(missing)
    world.service.storage.restore()
    const last = `terminal_id = '${TID}' and first_seq > 1`
    expect(await tampered(`delete from archive_segment where ${last}`)).toEqual({
      [TID]: expect.stringMatching(/^missing: the next entry is/),
    })
    world.service.storage.restore()
    expect(await tampered(`update archive_segment set id = id + 100 where ${ofFirst}`)).toEqual({
      [TID]: 'the names of its segment in the archive were changed',
    })
  })

  it('shows a name that was deleted, added, changed, or given to another segment', async () => {
    const first = `name = (select min(name) from archived where segment = 1) and segment = 1`
    for (const sql of [
      `delete from archived where ${first}`,
      `insert into archived (name, segment) values ('new', 1)`,
      `update archived set name = 'new' where ${first}`,
      `update archived set segment = 2 where ${first}`,
      `update archived set name = cast(name as blob) where typeof(name) = 'text' and segment = 1`,
    ]) {
      world.service.storage.restore()
      expect([sql, Object.values(await tampered(sql))[0]]).toEqual([
        sql,
        'the names of its segment in the archive were changed',
      ])
    }
  })

  it('shows a beginning of a chain that was deleted by someone without the key', async () => {
    const gone = `delete from journal where terminal_id = '${TID}' and seq < (select max(seq) from journal where terminal_id = '${TID}')`
    expect(await tampered(gone)).toEqual({ [TID]: expect.stringMatching(/^missing: the next entry is/) })
    world.service.storage.restore()
    // Also with a row of a segment for it, which has no right MAC.
    const [end] = world.rows<{ seq: number; hash: string }>(
      `select seq, hash from journal where terminal_id = '${TID}' order by seq desc limit 1 offset 1`,
    )
    const forged = `insert into archive_segment (id, terminal_id, month, first_seq, last_seq, last_hash, open_batch, digest, names, state,
        archived_at, mac, mac_key)
      select 99, terminal_id, month, last_seq + 1, ${end?.seq}, '${end?.hash}', open_batch, digest, names, state, archived_at, mac, mac_key
      from archive_segment where terminal_id = '${TID}' order by first_seq desc limit 1`
    world.rows(gone)
    expect(await tampered(forged)).toEqual({
      [TID]: 'the row of its segment in the archive is not the service’s',
    })
  })

  it('shows all of a terminal that was deleted, with its segments left', async () => {
    for (const table of ['journal', 'terminal', 'sale', 'batch', 'reversal'])
      world.rows(`delete from ${table} where terminal_id = '${TID}'`)
    expect(await world.verify()).toEqual({ [TID]: 'the row with the head of the chain is missing' })
  })

  it('shows an entry of the archive that is in the database again', async () => {
    const again = `insert into journal (terminal_id, seq, hash_raw, message_key, body) values ('${TID}', 2, x'00', 'again', '[]')`
    expect(await tampered(again)).toEqual({
      [TID]: expect.stringContaining('in the archive and in the database'),
    })
  })

  it('shows a row that came back, or another state of the terminal', async () => {
    world.rows(
      `insert into reversal (target_key, terminal_id, seq, kind) values ('x', '${TID}', 1, 'tombstone')`,
    )
    expect(await world.verify()).toEqual({ reversal: 'x: the journal does not give this row' })
    expect(await world.verify(world.folder)).toEqual({ reversal: 'x: the journal does not give this row' })
    world.service.storage.restore()
    world.rows(`update terminal set status = 'stolen' where terminal_id = '${TID}'`)
    expect(await world.verify()).toEqual({ terminal: `${TID}: the journal gives another value for status` })
    world.service.storage.restore()
    world.rows(`update guard set version = version + 1`)
    expect(Object.keys(await world.verify())).toEqual(['guard'])
  })

  it('a table that is not as the journal gives it keeps its month', async () => {
    world.rows(`update sale set amount = amount + 1 where terminal_id = '${TID}'`)
    world.setTime(dayOf(10, 21))
    await world.terminal(TID).terminal.settle()
    const before = world.dump()
    await expect(world.archive(dayOf(12, 31) + 300 * 24 * 60 * 60_000)).rejects.toThrow(
      'run `annul journal verify`',
    )
    expect(world.dump()).toEqual(before)
  })
})
