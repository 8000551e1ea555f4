/** @module Settings of a merchant: the usual ones when it is new, and from then on only what is named changes. */

import { describe, expect, it } from 'vitest'
import { decideMerchant, merchantStream } from '../../src/domain/decide-merchant.ts'
import { GENESIS } from '../../src/domain/decide-provision.ts'
import type { MerchantRequest } from '../../src/domain/requests.ts'
import type { Merchant } from '../../src/domain/types.ts'
import { MID, merchant, NOW } from './fixtures.ts'

const decide = (change: MerchantRequest['change'], before: Merchant | null, seq = 0) =>
  decideMerchant({ merchantId: MID, change }, before, { ...GENESIS, seq }, NOW)

const changed = (change: MerchantRequest['change'], before: Merchant | null) => {
  const draft = decide(change, before)
  return draft.ok ? draft.value.effects.merchant : draft.error
}

describe('a new merchant', () => {
  it('has the usual settings but for those that are named', () => {
    const usual = {
      merchantId: MID,
      name: MID,
      status: 'active',
      timeZone: 'Asia/Shanghai',
      cutOff: '23:00',
      currencyCode: '156',
      window: { kind: 'business_day' },
    }
    expect(changed({}, null)).toEqual(usual)
    const named = { name: 'Bakery', currencyCode: '978' }
    expect(changed(named, null)).toEqual({ ...usual, ...named })
  })
})

describe('a merchant that stands', () => {
  it('changes in what is named', () => {
    expect(changed({}, merchant)).toEqual(merchant)
    const window = { kind: 'minutes', minutes: 5 } as const
    expect(changed({ window }, merchant)).toEqual({ ...merchant, window })
  })

  it('keeps its currency, however it is named', () => {
    expect(changed({ currencyCode: merchant.currencyCode }, merchant)).toEqual(merchant)
    expect(changed({ currencyCode: '978' }, merchant)).toBe('currency_fixed')
  })
})

it('is an entry of its own stream, which has each changed setting with its old and its new value', () => {
  const window = { kind: 'minutes', minutes: 5 } as const
  const change = { name: 'Bakery', cutOff: merchant.cutOff, window }
  expect(decide(change, merchant, 7)).toMatchObject({
    ok: true,
    value: {
      terminalId: `merchant:${MID}`,
      merchantId: MID,
      kind: 'merchant',
      messageKey: `merchant:${MID}|8`,
      request: {
        name: JSON.stringify([merchant.name, 'Bakery']),
        window: JSON.stringify([merchant.window, window]),
      },
      answer: null,
      at: NOW,
    },
  })
  expect(merchantStream(MID)).toHaveLength(24)
})

it('names every setting of a new merchant, without an old value', () => {
  const draft = decide({ currencyCode: '978' }, null)
  expect(draft).toMatchObject({
    value: {
      request: {
        name: `[null,"${MID}"]`,
        status: '[null,"active"]',
        timeZone: '[null,"Asia/Shanghai"]',
        cutOff: '[null,"23:00"]',
        window: '[null,{"kind":"business_day"}]',
        currencyCode: '[null,"978"]',
      },
    },
  })
})
