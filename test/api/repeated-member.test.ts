/** @module A body of JSON in which an object has a member twice: two readers of it may see two amounts, so it is refused. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJson } from '../../src/api/read-request.ts'

const REFUSED = [{ in: 'body', pointer: '', why: 'has a member twice' }]

const errorsOf = (text: string) => {
  const json = parseJson(text)
  return json.ok ? [] : json.error.body.errors
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/** Names and texts that look like members. */
const word = fc.oneof(
  fc.constantFrom('amount', '__proto__', '":1,"', '\\', '\\"', '":', '"a":1', '{"a":1,"a":2}', ''),
  fc.string({ unit: 'binary', maxLength: 6 }),
)
const { json: anyJson } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.constantFrom(null, true, 1.5e3), word),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(word, tie('json'), { maxKeys: 4 }),
  ),
}))

const BLANKS = ['', ' ', '\n', '\r\t ']

/** A text of JSON by its grammar (RFC 8259). A character of a text is written in one of several ways. */
function write(value: Json, pick: (most: number) => number): string {
  const blank = () => BLANKS[pick(BLANKS.length)] ?? ''
  const text = (of: string) =>
    `"${[...of.split('')].map((unit) => (pick(3) === 0 ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}` : JSON.stringify(unit).slice(1, -1))).join('')}"`
  if (typeof value === 'string') return text(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const parts = Array.isArray(value)
    ? value.map((one) => write(one, pick))
    : Object.entries(value).map(([name, one]) => `${text(name)}${blank()}:${blank()}${write(one, pick)}`)
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return `${open}${blank()}${parts.map((part) => part + blank()).join(`,${blank()}`)}${close}`
}

const picker = fc.infiniteStream(fc.nat(1000)).map((stream) => (most: number) => {
  const { value } = stream.next()
  return Number(value) % most
})

describe('a member twice', () => {
  it('is never seen where each object has each name once, however it is written', () => {
    fc.assert(
      fc.property(anyJson, picker, (value, pick) => {
        expect(parseJson(write(value, pick))).toMatchObject({ ok: true })
      }),
    )
  })

  it('is refused at any depth, with any value, and under any spelling of its name', () => {
    const place = fc.array(fc.constantFrom<'list' | 'object'>('list', 'object'), { maxLength: 4 })
    fc.assert(
      fc.property(word, anyJson, anyJson, anyJson, place, picker, (name, one, two, beside, path, pick) => {
        const member = (value: Json) =>
          write({ [name]: value }, pick)
            .trim()
            .slice(1, -1)
        const object = `{${member(one)},${member(two)}}`
        const text = path.reduce(
          (inner, kind) =>
            kind === 'list'
              ? `[${write(beside, pick)},${inner}]`
              : `{"a":${inner},"b":${write(beside, pick)}}`,
          object,
        )
        expect(errorsOf(text)).toEqual(REFUSED)
      }),
    )
  })

  it.each([
    '{"amount":1,"amount":100}',
    '{"amount":100,"amount":100}',
    '{"amount":1,"\\u0061mount":100}',
    '{"saleId":"a","reason":"\\"","saleId":"b"}',
    '[{"a":{"b":1,"c":[],"b":null}}]',
    '{"__proto__":1,"__proto__":{}}',
  ])('is refused: %s', (text) => {
    expect(errorsOf(text)).toEqual(REFUSED)
  })

  it('is looked for in the longest body, however deep and however long its texts are', () => {
    const most = 256 * 1024
    const long = `{"a":"${'\\"x\\":1,'.repeat(most / 8)}"`
    expect(errorsOf(`${long}}`)).toEqual([])
    expect(errorsOf(`${long},"a":1}`)).toEqual(REFUSED)
    const deep = (inner: string) => `${'['.repeat(most / 2)}${inner}${']'.repeat(most / 2)}`
    expect(errorsOf(deep('{"a":1}'))).toEqual([])
    expect(errorsOf(deep('{"a":1,"a":1}'))).toEqual(REFUSED)
  })
})
