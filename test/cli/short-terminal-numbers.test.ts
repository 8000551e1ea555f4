/** @module The commands take a terminal number of fewer than 8 characters, and print it without the blanks of field 41. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { sentence } from '../../src/cli/journal.ts'
import { readState, writeState } from '../../src/cli/lib/state-file.ts'
import { pack } from '../../src/iso8583/message.ts'
import { hexOf } from '../support/iso8583-golden.ts'
import { callCli } from './call-cli.ts'

const MID = '123456789012345'
const SPELLINGS = ['T1', 'T1 ', 'T1      ']

function folderOf(): string {
  const folder = mkdtempSync(join(tmpdir(), 'annul-short-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** A service that answers each request by its path. */
async function serviceOf(answer: (path: string, body: string) => string) {
  const paths: string[] = []
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    paths.push(request.url ?? '')
    bodies.push(body)
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer(request.url ?? '', body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { paths, bodies, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

test('provision names it in the path and in the sentence', async () => {
  const tid = 'T1'
  const { url, paths } = await serviceOf(() =>
    JSON.stringify({
      merchantId: MID,
      terminalId: 'T1',
      state: 'active',
      macProfile: 'cup-ecb',
      batchNumber: '000001',
    }),
  )
  const { out } = await callCli(['provision', '--url', url, '--mid', MID, '--tid', tid, '--key', 'k'])
  expect(paths).toEqual([`/v1/merchants/${MID}/terminals/T1`])
  expect(out).toBe(`terminal T1 of merchant ${MID}: changed, active, MAC cup-ecb, batch 000001`)
})

test.each(['', ' T1', 'T 1', '123456789', 'T-1'])('--tid %j is refused in words', async (tid) => {
  const { code, errors } = await callCli(['provision', '--mid', MID, '--tid', tid, '--key', 'k'])
  expect([code, errors]).toEqual([
    2,
    expect.stringContaining('a terminal number of 1 to 8 letters and digits'),
  ])
})

test.each(SPELLINGS)('reconcile finds the message of the terminal %j of the list', async (terminalId) => {
  const named = { kind: 'sale', merchantId: MID, batchNumber: '000001', stan: '000001' }
  const state = { state: 'approved', amount: 100 }
  const { url, bodies } = await serviceOf((path) => {
    const item = { ...named, ...state, terminalId: 'T1', claimedAt: '2026-06-01T01:00:00.000Z' }
    const page = { items: [item], next: null, asOf: '2026-06-01T02:00:00.000Z' }
    return path.startsWith('/v1/acquirer-messages') ? JSON.stringify(page) : ''
  })
  const list = join(folderOf(), 'list')
  writeFileSync(list, JSON.stringify([{ ...named, ...state, terminalId }]))
  const { code, out } = await callCli(['reconcile', '--acquirer-ledger', list, '--url', url, '--key', 'k'])
  expect([code, out]).toEqual([0, '1 in the list, 1 here: 1 agree'])
  // No line says that the acquirer lacks the message.
  expect(bodies.at(-1)?.trim().split('\n').length).toBe(1)
})

test('describe --why knows field 41 with its blanks', async () => {
  const tid = 'T1'
  const message = (terminalId: string) => ({
    mti: '0800',
    fields: new Map([
      [11, '000001'],
      [41, terminalId],
      [42, MID],
      [60, '00000001003'],
    ]),
  })
  const why = async (terminalId: string) => {
    const frame = `6000030000602200000000${hexOf(pack(message(terminalId)))}`
    const args = ['describe', '--why', '--json', '--mac', 'cup-ecb', '--tid', tid, '--mid', MID, frame]
    const { remarks } = JSON.parse((await callCli(args)).out).why
    return remarks.filter(({ field }: { field: unknown }) => field === 41).length
  }
  expect([await why('T1      '), await why('T2      '), await why(' T1     ')]).toEqual([0, 1, 1])
})

test('the state of a virtual terminal has the eight characters', () => {
  const path = join(folderOf(), 'state')
  const state = readState(path, MID, 'T1      ', undefined)
  expect(state.terminalId).toBe('T1      ')
  writeState(path, state)
  expect(readState(path, MID, 'T1      ', undefined)).toEqual(state)
  expect(() => readState(path, MID, 'T2      ', undefined)).toThrow('another terminal')
})

test('journal verify names the chain', () => {
  const of = (terminalId: string) => sentence({ terminalId, entries: 3, archived: 0, fault: null })
  expect(of('T1      ')).toBe('terminal T1: 3 entries, the chain is sound')
  expect(of('12345678')).toBe('terminal 12345678: 3 entries, the chain is sound')
  expect(of(`merchant:${MID}`)).toBe(`merchant ${MID}: 3 entries, the chain is sound`)
  expect(of('region')).toBe('the keys of administrators: 3 entries, the chain is sound')
})
