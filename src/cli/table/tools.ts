/** @module Commands that calculate or decode, and use neither a network nor a database. */

import { type BlockCipher, CIPHERS } from '../../core/cipher.ts'
import { MACS, type MacAlgorithm } from '../../core/mac.ts'
import { declare } from '../lib/declare.ts'
import {
  choice,
  DATABASE_NAME,
  HEX,
  HEX_BYTE,
  MASTER_KEY,
  MERCHANT_ID,
  TERMINAL_ID,
  TEXT,
} from '../lib/values.ts'
import { MAC, MESSAGE_FORMS, PERSIST_TO } from './shared.ts'

const CIPHER = choice('NAME', Object.keys(CIPHERS) as BlockCipher[])
const ALGORITHM = choice('NAME', Object.keys(MACS) as MacAlgorithm[])
const KEY = { type: HEX, required: true, secret: true } as const

export const DESCRIBE = declare({
  about: 'decode a frame or a message into words; sensitive fields are masked',
  argument: {
    type: { ...TEXT, placeholder: 'HEX|-', expected: 'an even number of hex digits, or - for stdin' },
    many: true,
    about: 'the bytes, blanks allowed; - reads them from stdin, so that they stay out of the history',
  },
  options: {
    why: {
      about:
        'say what is wrong with a frame of a development terminal, and show its MAC step by step without the key',
    },
    tid: {
      type: TERMINAL_ID,
      about: 'with --why: the terminal, whose profile and keys are in the local database',
    },
    mid: { type: MERCHANT_ID, about: 'with --why: the merchant number that field 42 must have' },
    mac: { type: MAC, about: 'with --why: the MAC profile; then no database is read' },
    mak: {
      type: MASTER_KEY,
      env: 'ANNUL_MAK',
      secret: true,
      about: 'with --why and --mac: the clear MAC key of a development terminal, to check the MAC',
    },
    ...MESSAGE_FORMS,
    database: {
      type: DATABASE_NAME,
      about: 'the local database, if there are several: DB_0 (the default), DB_1 and so on',
    },
    ...PERSIST_TO,
  },
  notes: [
    'Field 55, and fields 57 and 62 where they have it, are read as BER-TLV. A broken tag has its byte and its fault, and the rest of the message follows.',
    'With --why every field has its place, its length and its bytes. A line with ! is a fault for which the service refuses the message; a line with - is unusual only.',
    'With --tid it reads a local database that annul start made, and no other. With --mac it reads none: --padding and the options beside it say the rest of the profile.',
    'Without a test card --why masks the bytes of the card, and shows no XOR that would give them back. PIN blocks and keys are always masked.',
  ],
  json: {
    each: 'message',
    members: {
      'why?': 'with `--why`: `frame`, `fields`, `remarks`, `verdict` and `mac`',
      'frame?': 'the kind of frame (`tpdu`, `serial`), its `tpdu` and its `header`',
      'mti?': 'the message type',
      'bitmap?': 'the bitmap, in hex',
      fields: 'the fields: `number`, `name`, `value`, and where they apply `masked`, `meaning` and `tags`',
      'error?': 'the `field` where decoding stopped, and `why`',
    },
  },
  fails:
    'the message cannot be decoded to its end; the fields before the error are printed. With --why: something is wrong',
  examples: [
    'describe 08000020000000000000000001',
    'describe - --json < frame.hex',
    'describe - --why --tid 00000001 < frame.hex',
    'describe - --why --mac x9.19 --padding F < frame.hex',
  ],
})

export const COMPUTE_MAC = declare({
  about: 'compute a message authentication code',
  input: {
    algorithm: { type: ALGORITHM, required: true, about: 'the algorithm' },
    key: { ...KEY, about: 'the key' },
    message: { type: HEX, required: true, about: 'the bytes to authenticate' },
  },
  options: {},
  json: {
    each: 'message',
    members: {
      'mac?': 'the MAC in hex: the 8 bytes of field 64, or all 16 of a CMAC or SM4-CBC-MAC',
      'error?': 'why the line of stdin was rejected; the other lines are not affected',
    },
  },
  examples: [
    'mac --algorithm cup-ecb --key 0123456789ABCDEF --message 0200',
    'mac --ndjson < messages.ndjson',
  ],
})

export const CIPHER_BLOCKS = declare({
  about: 'encrypt or decrypt whole blocks in ECB mode',
  input: {
    cipher: { type: CIPHER, required: true, about: 'the block cipher' },
    operation: { type: choice('NAME', ['encrypt', 'decrypt']), required: true, about: 'what to do' },
    key: { ...KEY, about: 'the key' },
    data: { type: HEX, required: true, about: 'whole blocks' },
  },
  options: {},
  json: {
    each: 'operation',
    members: {
      'data?': 'the result in hex',
      'error?': 'why the line of stdin was rejected; the other lines are not affected',
    },
  },
  examples: [
    'cipher --cipher des --operation encrypt --key 0123456789ABCDEF --data 0000000000000000',
    'cipher --ndjson < blocks.ndjson',
  ],
})

export const KCV = declare({
  about: 'compute a key check value: the first 4 bytes of an encrypted block of zeros',
  options: {
    cipher: { type: CIPHER, required: true, about: 'the block cipher' },
    key: { ...KEY, about: 'the key' },
  },
  json: { each: 'key', members: { kcv: 'the key check value in hex' } },
  examples: ['kcv --cipher 3des --key 258FB0AB70D025CDB99DF2C4D302D646'],
})

export const LRC = declare({
  about: 'compute the LRC of a serial frame',
  argument: {
    type: HEX,
    about: 'the DATA of a frame, or a whole frame: STX LEN DATA ETX, with or without its LRC',
  },
  options: {
    noLength: { about: 'leave LEN out of the sum' },
    includeStx: { about: 'take STX into the sum' },
    seed: { type: HEX_BYTE, fallback: '00', about: 'the value that the sum starts from' },
  },
  json: { each: 'frame', members: { lrc: 'the LRC as two hex digits' } },
  notes: ['HEX is taken as a frame where STX, LEN and ETX all fit. LEN is two BCD bytes.'],
  examples: ['lrc 303031', 'lrc 0200033030310331 --include-stx'],
})
