/** @module Arbitrary programs for the core: most calls near the accepted ones, some of any bytes. */

import fc from 'fast-check'
import { CIPHERS } from '../../src/core/cipher.ts'
import { MACS } from '../../src/core/mac.ts'
import {
  type Call,
  MAX_CALLS,
  MAX_LITERAL,
  NUMBERS,
  OPERATIONS,
  type Operation,
  writeProgram,
} from './program.ts'

const any32 = fc.oneof(fc.constantFrom(...NUMBERS), fc.nat(300), fc.integer())
const messageLength = fc.oneof(
  { weight: 6, arbitrary: fc.nat(64) },
  { weight: 1, arbitrary: fc.nat(10_300) },
  any32,
)

/** A row of a table of the embedder, and a key length that usually fits it. */
const keyed = (specs: readonly { readonly code: number; readonly keyBytes: readonly number[] }[]) =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .constantFrom(...specs)
        .chain(({ code, keyBytes }) => fc.tuple(fc.constant(code), fc.constantFrom(...keyBytes))),
    },
    { weight: 2, arbitrary: fc.tuple(fc.nat(11), fc.nat(41)) },
    { weight: 1, arbitrary: fc.tuple(any32, any32) },
  )
const keyedMac = keyed(Object.values(MACS))
const keyedCipher = keyed(Object.values(CIPHERS))
const blocks = fc.oneof({ weight: 4, arbitrary: fc.nat(6).map((count) => 8 * count) }, messageLength)
const second = fc.oneof(fc.nat(200), any32)

const ARGUMENTS: Readonly<Record<Operation, fc.Arbitrary<number[]>>> = {
  computeMac: fc.tuple(keyedMac, messageLength).map(([[code, key], length]) => [code, key, length]),
  verifyMac: fc
    .tuple(keyedMac, messageLength, fc.oneof(fc.nat(17), any32))
    .map(([[code, key], length, mac]) => [code, key, length, mac]),
  encrypt: fc.tuple(keyedCipher, blocks).map(([[code, key], length]) => [code, key, length]),
  decrypt: fc.tuple(keyedCipher, blocks).map(([[code, key], length]) => [code, key, length]),
  wrapKey: fc.tuple(keyedCipher, blocks).map(([[code, key], length]) => [code, key, length]),
  unwrapKey: fc.tuple(keyedCipher, blocks).map(([[code, key], length]) => [code, key, length]),
  keyCheckValue: keyedCipher.map(([code, key]) => [code, key]),
  lrc: fc.tuple(fc.oneof(fc.nat(256), any32), messageLength).map(([seed, length]) => [seed, length]),
  lookupDuplicate: fc.tuple(messageLength, second, second).map((args) => [...args]),
  insertDuplicate: fc.tuple(messageLength, second).map((args) => [...args]),
  forgetDuplicate: messageLength.map((length) => [length]),
}

/** Any mixture, or all eight free, another message's, or this message's. */
const anyPlaces = fc.oneof(fc.nat(0xffff), fc.constantFrom(0x5555, 0xaaaa, 0xffff))

const anyCall: fc.Arbitrary<Call> = fc
  .constantFrom(...(Object.keys(OPERATIONS) as Operation[]))
  .chain((operation) =>
    fc.record({
      operation: fc.constant(operation),
      args: ARGUMENTS[operation],
      seed: fc.nat(255),
      literal: fc.uint8Array({ maxLength: MAX_LITERAL }),
      offer: operation === 'verifyMac' ? fc.oneof(fc.constant(0), fc.nat(255)) : fc.constant(0),
      places: operation.endsWith('Duplicate') ? anyPlaces : fc.constant(0),
    }),
  )

export const anyProgram: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 4, arbitrary: fc.array(anyCall, { minLength: 1, maxLength: MAX_CALLS }).map(writeProgram) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
)
