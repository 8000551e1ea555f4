/** @module A merchant's back office for tests: its sales, its voids and their reversals by the JSON API. */

import { rows } from './book.ts'
import { idOf } from './inquire.ts'
import type { ScriptedAcquirer } from './scripted-acquirer.ts'
import * as s from './support.ts'
import { sell, sixDigits, type TestTerminal } from './terminal.ts'

export interface Sold {
  readonly saleId: string
  readonly amount: number
  readonly stan: string
  readonly rrn: string
}

let stans = 0

/** A sale of the terminal, as the JSON API names it. */
export async function aSale(of: TestTerminal, amount = 1234): Promise<Sold> {
  const stan = sixDigits(++stans)
  const { rrn } = await sell(of, stan, amount)
  return { saleId: await idOf('sale', rrn), amount, stan, rrn }
}

/** Brings a sale of 1234 that was made elsewhere, in the first batch of the terminal. */
export const captureSale = (
  to: s.Isolate,
  bearer: string,
  { mid: merchantId, tid: terminalId }: TestTerminal,
  stan: string,
  more: object = {},
): Promise<s.JsonReply> =>
  s.ask(to, bearer, 'POST', '/v1/sales', {
    ...{ merchantId, terminalId, batchNumber: '000001', stan, amount: 1234 },
    ...more,
  })

export interface Office {
  /** Voids a sale under an `Idempotency-Key`. */
  void(sale: Sold, name: string, to?: s.Isolate): Promise<s.JsonReply>
  /** Reverses the void under the Idempotency-Key `target`. */
  reverse(sale: Sold, target: string, name?: string, to?: s.Isolate): Promise<s.JsonReply>
}

export function openOffice(isolate: s.Isolate, key: string): Office {
  const post = (to: s.Isolate, path: string, body: object, name: string) =>
    s.ask(to, key, 'POST', path, body, { 'idempotency-key': name })
  return {
    void: ({ saleId, amount }, name, to = isolate) => post(to, '/v1/voids', { saleId, amount }, name),
    reverse: ({ saleId, amount }, target, name = `undo-${target}`, to = isolate) =>
      post(to, '/v1/reversals', { saleId, amount, idempotencyKey: target }, name),
  }
}

/** States of a sale's voids, the oldest first. */
export const voidsOf = async ({ saleId }: Sold) =>
  (await rows('select state from void where sale_id = ? order by rowid', saleId)).map(({ state }) => state)

/** An isolate with this acquirer. Waits move the test clock and take no time. */
export async function openWithAcquirer({ port: acquirer }: ScriptedAcquirer): Promise<s.Isolate> {
  const isolate: s.Isolate = await s.openIsolate({
    acquirer,
    sleep: async (ms) => {
      isolate.clock.now += ms
    },
  })
  return isolate
}
