/** @module The words of the JSON API for a wrong member: ours, with the place of the member, and never its value. */

import { describe, expect, it } from 'vitest'
import type * as z from 'zod'
import {
  capturedSaleBody,
  merchantSettings,
  terminalSettings,
  voidRequestBody,
} from '../../src/api/json/schemas.ts'
import { whyOf } from '../../src/api/json/why.ts'
import { check } from '../../src/api/read-request.ts'

describe('what is wrong', () => {
  const faultsIn = (schema: z.ZodType, value: unknown): [string, string][] =>
    schema
      .safeParse(value, { error: whyOf })
      .error?.issues.map(({ path, message }): [string, string] => [path.join('/'), message]) ?? []

  it('has our words', () => {
    const sale = { merchantId: 1, batchNumber: '1', stan: '000000', amount: 0.5, state: 'maybe', extra: 1 }
    expect(faultsIn(capturedSaleBody, sale)).toEqual([
      ['merchantId', 'expected a text'],
      ['terminalId', 'is missing'],
      ['batchNumber', 'expected six digits'],
      ['stan', 'expected six digits, not 000000'],
      ['amount', 'expected a whole number'],
      ['state', 'expected approved, declined'],
      ['', expect.stringMatching(/^has a member that is not known: expected only merchantId, terminalId, /)],
    ])
    expect(faultsIn(voidRequestBody, { amount: -1 })).toEqual([
      ['saleId', 'is missing'],
      ['amount', 'expected at least 1'],
    ])
    expect(faultsIn(voidRequestBody, [])).toEqual([['', 'expected an object']])
    const window = { window: { kind: 'forever' } }
    expect(faultsIn(merchantSettings, window)).toEqual([['window/kind', 'expected a known kind']])
    const tmk = { tmk: { components: [{ value: '01', checkValue: '0102' }] } }
    expect(faultsIn(terminalSettings, tmk)).toEqual([
      ['tmk/components/0/value', 'expected 8 or 16 bytes in hex'],
      ['tmk/components', 'expected two components'],
    ])
  })

  it('points to the object of an unknown member, and names the members that it may have', () => {
    const faultOf = (value: object) => {
      const checked = check('body', voidRequestBody, value)
      return checked.ok ? undefined : checked.error.body.errors?.at(-1)
    }
    for (const name of ['amout', '6225000000000014', 'a/b', ''])
      expect(faultOf({ saleId: '0'.repeat(32), amount: 1, [name]: 1 })).toEqual({
        in: 'body',
        pointer: '',
        why: 'has a member that is not known: expected only saleId, amount, currency, reason',
      })
    const component = { value: '0'.repeat(16), checkValue: '0000', weight: 1 }
    const nested = check('body', terminalSettings, { tmk: { components: [component, component] } })
    expect(nested.ok ? [] : nested.error.body.errors).toEqual(
      [0, 1].map((at) => ({
        in: 'body',
        pointer: `/tmk/components/${at}`,
        why: 'has a member that is not known: expected only value, checkValue',
      })),
    )
  })

  it('names each place once, with the limit of ours', () => {
    const errorsOf = (schema: z.ZodType, value: object) => {
      const checked = check('body', schema, value)
      return checked.ok ? [] : checked.error.body.errors?.map(({ pointer, why }) => [pointer, why])
    }
    const saleId = '0'.repeat(32)
    for (const amount of [2 ** 53, 1e21, 1e12])
      expect(errorsOf(voidRequestBody, { saleId, amount })).toEqual([
        ['/amount', 'expected at most 999999999999'],
      ])
    for (const amount of [-(2 ** 53), -1, 0])
      expect(errorsOf(voidRequestBody, { saleId, amount })).toEqual([['/amount', 'expected at least 1']])
    const name = ['/name', 'expected 1 to 64 printable characters, not only blanks']
    for (const wrong of ['\u0000', 'a\nb', '\u202e', ' ', '', 'x'.repeat(65), '\n'.repeat(65)])
      expect(errorsOf(merchantSettings, { name: wrong })).toEqual([name])
    const card = ['/name', 'may not hold a card number']
    expect(errorsOf(merchantSettings, { name: 'x 6225000000000014', cutOff: '' })).toEqual([
      card,
      ['/cutOff', 'expected HH:MM'],
    ])
  })

  it('never repeats what was sent, and no word is zod’s', () => {
    const secret = '6225000000000014'
    const bodies: [z.ZodType, unknown][] = [
      [capturedSaleBody, { pan: `${secret}x`, [secret]: 1, state: secret, amount: secret }],
      [terminalSettings, { tmk: { components: [{ value: `${secret}zz`, checkValue: secret.repeat(2) }] } }],
      [voidRequestBody, { saleId: secret, reason: secret }],
    ]
    for (const [schema, body] of bodies) {
      const messages = faultsIn(schema, body).map(([, message]) => message)
      expect(messages.length).toBeGreaterThan(0)
      for (const message of messages) {
        expect(message).not.toContain(secret.slice(0, 13))
        expect(message).not.toMatch(/Invalid|Too (big|small)|Unrecognized|received/)
      }
    }
  })
})
