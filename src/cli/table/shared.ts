/** @module Options that several commands declare in the same words. */

import {
  CARD_CHECKS,
  ENTRY_MODE_SIDES,
  MAC_PROFILES,
  MAX_HEADER_LENGTH,
  PAD_NIBBLES,
  TEXTS_FORMS,
  VOID_FORMS,
} from '../../domain/terminal-profile.ts'
import {
  API_KEY,
  choice,
  DATABASE_NAME,
  ENVIRONMENT,
  IP,
  MASTER_KEY,
  MERCHANT_ID,
  PATH,
  PORT,
  SERVER_URL,
  TERMINAL_ID,
  wholeNumber,
} from '../lib/values.ts'

const LOCAL_SERVICE = 'http://localhost:8787'

/** Which merchant. */
export const MID = { type: MERCHANT_ID, required: true, about: 'the merchant number' } as const

/** Which merchant and terminal. */
export const IDENTITY = {
  mid: MID,
  tid: { type: TERMINAL_ID, required: true, about: 'the terminal number' },
} as const

/** An option for a master key; a caller adds `required` where the command needs one. */
export const TMK = { type: MASTER_KEY, env: 'ANNUL_TMK', secret: true } as const

export const MAC = choice('NAME', MAC_PROFILES)

/** Where the service listens. */
const SERVICE_URL = {
  url: { type: SERVER_URL, env: 'ANNUL_URL', fallback: LOCAL_SERVICE, about: 'the address of the service' },
} as const

/** The service and an administrator's key. */
export const ADMINISTRATION = {
  ...SERVICE_URL,
  key: {
    type: API_KEY,
    env: 'ANNUL_ADMIN_KEY',
    secret: true,
    about: "an administrator's bearer key; for a service on this machine, the key of `annul start`",
  },
} as const

/** Where the local database is. */
export const PERSIST_TO = {
  persistTo: { type: PATH, about: 'the folder of the local database, in place of .wrangler/state' },
} as const

/** Which D1 database. */
export const DATABASE = {
  remote: { about: 'the database at Cloudflare, in place of the local one' },
  env: { type: ENVIRONMENT, about: 'the environment of wrangler.toml, such as shanghai' },
  ...PERSIST_TO,
} as const

/** Which D1 database of a region, for a command that works on each. */
export const ONE_DATABASE = {
  database: {
    type: DATABASE_NAME,
    about: 'the database, if the region has several: DB_0 (the default), DB_1 and so on',
  },
  ...DATABASE,
} as const

/** How a development server is started. */
export const SERVER = {
  port: { type: PORT, fallback: '8787', about: 'the port of the service' },
  ip: { type: IP, fallback: '127.0.0.1', about: 'the address to listen on' },
  ...PERSIST_TO,
} as const

/** Where a development server was started, for a command that uses it. */
export const STARTED = { ...SERVICE_URL, ...PERSIST_TO } as const

/** The forms in which a terminal sends and reads messages. */
export const MESSAGE_FORMS = {
  texts: {
    type: choice('NAME', TEXTS_FORMS),
    about: 'the length of the texts in field 63: 63 bytes, or 163',
  },
  padding: { type: choice('N', PAD_NIBBLES), about: 'the nibble that fills an odd number of digits' },
  entryMode: { type: choice('SIDE', ENTRY_MODE_SIDES), about: 'the side of the three digits of field 22' },
  cardCheck: {
    type: choice('NAME', CARD_CHECKS),
    about: 'whether card numbers must have a right Luhn digit',
  },
  headerLength: {
    type: wholeNumber('N', 0, MAX_HEADER_LENGTH, 'of bytes '),
    about: 'the bytes between TPDU and message, without a TLV block',
  },
  headerTlv: {
    type: choice('NAME', ['no', 'yes']),
    about: 'whether a TLV block may stand beside the header',
  },
  voidForms: { type: choice('NAME', VOID_FORMS), about: 'which forms of a void are accepted' },
} as const
