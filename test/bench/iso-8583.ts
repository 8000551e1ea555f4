/**
 * @module The npm package iso_8583. One of its dependencies has another licence than this project may bring, so it is no
 * dependency. The bench measures it when `npm install --no-save iso_8583@2.6.7` has brought it.
 */

import { createRequire } from 'node:module'
import type { Message } from '../../src/iso8583/message.ts'

interface Package {
  new (
    message: Readonly<Record<string, string>>,
    formats?: object,
  ): { getBufferMessage(): Buffer; getIsoJSON(bytes: Buffer): Readonly<Record<string, string>> }
}

export interface Iso8583 {
  /** The message in the package's own encoding. */
  readonly pack: (message: Message) => Buffer
  readonly unpack: (bytes: Buffer) => Readonly<Record<string, string>>
}

/** Undefined when the package is not installed. */
export function iso8583(): Iso8583 | undefined {
  let Package: Package
  try {
    Package = createRequire(import.meta.url)('iso_8583')
  } catch {
    return undefined
  }
  const formats = {
    55: { ContentType: 'ans', Label: 'chip data', LenType: 'lllvar', MaxLen: 999 },
    60: { ContentType: 'ans', Label: 'private', LenType: 'lllvar', MaxLen: 999 },
    61: { ContentType: 'ans', Label: 'private', LenType: 'lllvar', MaxLen: 999 },
    63: { ContentType: 'ans', Label: 'private', LenType: 'lllvar', MaxLen: 999 },
    64: { ContentType: 'b', Label: 'MAC', LenType: 'fixed', MaxLen: 16 },
  }
  const reader = new Package({}, formats)
  return {
    pack: ({ mti, fields }) =>
      new Package({ 0: mti, ...Object.fromEntries(fields) }, formats).getBufferMessage(),
    unpack: (bytes) => reader.getIsoJSON(bytes),
  }
}
