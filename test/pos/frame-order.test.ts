/** @module The order of a batch: which frames run side by side, and which wait for earlier ones. */

import { expect, it } from 'vitest'
import { createFrameOrder } from '../../src/pos/frame-order.ts'

type Frame = Parameters<ReturnType<typeof createFrameOrder>>[0]

const frame = (
  type: Frame['type'],
  stan: number,
  { terminalId = 'a', ...sale }: { terminalId?: string; saleKey?: string; saleRrn?: string } = {},
): Frame => ({
  type,
  identity: { terminalId, merchantId: '1', batchNumber: '000001', stan: String(stan) },
  messageKey: `${terminalId} ${type === 'void' ? 'v' : 's'}${stan}`,
  sale,
})

/** Runs frames that end when the test says so. */
function open(isKnown: (terminalId: string) => boolean = () => true) {
  const order = createFrameOrder(isKnown)
  const begun: number[] = []
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = []
  const results = (frames: readonly Frame[]) =>
    frames.map((one, i) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      ends[i] = { resolve, reject }
      const result = order(one, () => {
        begun.push(i)
        return promise.then(() => i)
      })
      result.catch(() => undefined)
      return result
    })
  const end = async (i: number, fails = false) => {
    if (fails) ends[i]?.reject(new Error('failed'))
    else ends[i]?.resolve()
    await new Promise((resolve) => setTimeout(resolve))
  }
  return { begun, results, end }
}

it('sales and voids of different sales begin at once, in their order', () => {
  const { begun, results } = open()
  results([
    frame('sale', 1),
    frame('void', 2, { saleKey: 'a s7' }),
    frame('sale', 3),
    frame('void', 4, { saleRrn: '700000000000' }),
  ])
  expect(begun).toEqual([0, 1, 2, 3])
})

it('a message waits for an earlier one with its key or its sale', async () => {
  const { begun, results, end } = open()
  results([
    frame('sale', 1),
    frame('void', 2, { saleKey: 'a s1' }),
    frame('sale', 1),
    frame('void', 3, { saleRrn: '700000000000' }),
    frame('void', 4, { saleRrn: '700000000000' }),
  ])
  expect(begun).toEqual([0, 3])
  await end(3)
  expect(begun).toEqual([0, 3, 4])
  await end(0)
  expect(begun).toEqual([0, 3, 4, 1])
  await end(1)
  expect(begun).toEqual([0, 3, 4, 1, 2])
})

it.each(['sale_reversal', 'void_reversal', 'settlement', 'upload', 'upload_end'] as const)(
  'a %s waits for all before it, and all behind it wait',
  async (type) => {
    const { begun, results, end } = open()
    results([frame('sale', 1), frame('sale', 2), frame(type, 3), frame('sale', 4), frame('sale', 5)])
    expect(begun).toEqual([0, 1])
    await end(1)
    expect(begun).toEqual([0, 1])
    await end(0)
    expect(begun).toEqual([0, 1, 2])
    await end(2)
    expect(begun).toEqual([0, 1, 2, 3, 4])
  },
)

it('no terminal waits for another one', () => {
  const { begun, results } = open()
  results([
    frame('settlement', 1),
    frame('settlement', 1, { terminalId: 'b' }),
    frame('sale', 2),
    frame('sale', 2, { terminalId: 'c' }),
  ])
  expect(begun).toEqual([0, 1, 3])
})

it('a frame that fails holds up none', async () => {
  const { begun, results, end } = open()
  results([frame('settlement', 1), frame('sale', 2)])
  await end(0, true)
  expect(begun).toEqual([0, 1])
})

it('the first frame of a terminal without a proof begins alone', async () => {
  const { begun, results, end } = open((terminalId) => terminalId === 'b')
  results([
    frame('sale', 1),
    frame('sale', 2),
    frame('sale', 1, { terminalId: 'b' }),
    frame('sale', 2, { terminalId: 'b' }),
    frame('sale', 3),
  ])
  expect(begun).toEqual([0, 2, 3])
  await end(0)
  expect(begun).toEqual([0, 2, 3, 1, 4])
})

it('a result is that of its frame', async () => {
  const { results, end } = open()
  const all = results([frame('sale', 1), frame('sale', 1)])
  await end(0)
  await end(1)
  expect(await Promise.all(all)).toEqual([0, 1])
})
