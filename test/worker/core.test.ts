/** @module The suites of the core inside workerd, on the bytes that the Worker imports. */
import { expect, test } from 'vitest'
import module from '../../build/core.wasm'
import { createCore } from '../../src/core/instance.ts'
import { macContract } from '../core/mac.contract.ts'
import { type Vectors, vectorContract } from '../core/vectors.contract.ts'
import cryptoVectors from '../vectors/crypto.json'
import cupKeys from '../vectors/cup-keys.json'
import cupMac from '../vectors/cup-mac.json'
import lrc from '../vectors/lrc.json'

/** Created at global scope, where workerd has no random bytes: the key of the duplicate table must wait. */
const core = createCore(module, (bytes) => crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>))

macContract(core)
vectorContract(core, { crypto: cryptoVectors, cupMac, cupKeys, lrc } as unknown as Vectors)

test('the duplicate table finds, expires and forgets', () => {
  const message = Uint8Array.of(1, 2, 3)
  expect(core.duplicates.lookup(message, 1000)).toBe(-1)
  const handle = core.duplicates.insert(message, 1000)
  expect(core.duplicates.lookup(message, 1120)).toBe(handle)
  expect(core.duplicates.lookup(message, 1121)).toBe(-1)
  expect(core.duplicates.forget(message)).toBe(handle)
  expect(core.duplicates.lookup(message, 1000)).toBe(-1)
})
