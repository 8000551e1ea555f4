/**
 * @module The time of a refusal does not tell whether a terminal exists, nor how many key sets it has. Welch's t of the times of two
 * senders, called in random order, is below 4.5, the bound of leakage tests (TVLA).
 */

import { randomInt } from 'node:crypto'
import { expect, it } from 'vitest'
import { verifyMac } from '../../src/pos/verify-mac.ts'
import type { Loaded } from '../../src/store/load.ts'
import { MID, NOW, TID } from '../domain/fixtures.ts'
import { sizeOf } from '../proofs.ts'
import { core, keyring, MAC_INPUT, senderWith, unknownSender } from './senders.ts'

const CALLS = sizeOf('pos/timing')
const BOUND = 4.5
/** Interrupts make some calls longer than any refusal. The slowest tenth of both is left out. */
const KEPT = 0.9

const MESSAGE = {
  identity: { terminalId: TID, merchantId: MID, batchNumber: '000001', stan: '000001' },
  macInput: MAC_INPUT,
  mac: new Uint8Array(8).fill(0xee),
}

async function timeOf(loaded: Loaded): Promise<number> {
  const start = process.hrtime.bigint()
  await verifyMac({ core, keyring, now: NOW }, MESSAGE, loaded)
  return Number(process.hrtime.bigint() - start)
}

function welch(a: readonly number[], b: readonly number[]): number {
  const of = (times: readonly number[]) => {
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length
    const variance = times.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (times.length - 1)
    return { mean, error: variance / times.length }
  }
  const [one, other] = [of(a), of(b)]
  return (one.mean - other.mean) / Math.sqrt(one.error + other.error)
}

async function compare(one: Loaded, other: Loaded): Promise<number> {
  for (let i = 0; i < 200; i++) await timeOf(i % 2 === 0 ? one : other)
  const times: [number, number][] = []
  while (times.length < 2 * CALLS) {
    const which = randomInt(2)
    times.push([which, await timeOf(which === 0 ? one : other)])
  }
  const limit = times.map(([, time]) => time).toSorted((a, b) => a - b)[Math.floor(times.length * KEPT)] ?? 0
  const kept = (which: number) =>
    times.filter(([of, time]) => of === which && time <= limit).map(([, time]) => time)
  return welch(kept(0), kept(1))
}

/** A busy machine disturbs one round. A difference of the code is in every round. */
const ROUNDS = 3

async function expectAlike(one: Loaded, other: Loaded): Promise<void> {
  const rounds: number[] = []
  while (rounds.length < ROUNDS) {
    rounds.push(Math.abs(await compare(one, other)))
    if (Math.min(...rounds) < BOUND) return
  }
  expect(rounds, '|t| of each round').toEqual([])
}

it.each([1, 4])('an unknown terminal, and one with a wrong MAC and %d key sets', async (sets) => {
  await expectAlike(unknownSender(), await senderWith({ sets }))
})

it('one key set and four', async () => {
  await expectAlike(await senderWith({ sets: 1 }), await senderWith({ sets: 4 }))
})
