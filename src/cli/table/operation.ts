/** @module Commands of those who operate the service. */

import { LATE_REVERSALS } from '../../domain/merchant-rules.ts'
import { declare } from '../lib/declare.ts'
import {
  API_KEY,
  CLOCK,
  CURRENCY,
  choice,
  DECIDE_WITHIN,
  KEY_ID,
  KEY_NAME,
  MERCHANT_ID,
  MOMENT,
  PATH_OR_URL,
  SCOPE_LIST,
  TEXT,
  TIME_ZONE,
  TRUTH,
  WINDOW,
} from '../lib/values.ts'
import { ADMINISTRATION, IDENTITY, MAC, MESSAGE_FORMS, MID, ONE_DATABASE, TMK } from './shared.ts'

export const MERCHANT = declare({
  about: 'register a merchant, or change its settings',
  options: {
    mid: MID,
    ...ADMINISTRATION,
    name: { type: TEXT, about: 'the name of the merchant' },
    state: { type: choice('NAME', ['active', 'closed']), about: 'the state of the merchant' },
    timeZone: { type: TIME_ZONE, about: 'the time zone of the merchant, such as Asia/Shanghai' },
    cutOff: { type: CLOCK, about: 'the local time at which the business day ends' },
    currency: { type: CURRENCY, about: 'the one currency of its sales, such as 156; it never changes' },
    window: { type: WINDOW, about: 'how long a sale can be voided' },
    lateReversals: {
      type: choice('NAME', LATE_REVERSALS),
      about: 'whether a terminal may reverse a void long after its answer',
    },
    reasonRequired: { type: TRUTH, about: 'whether a void by JSON must have a reason' },
    decideWithin: {
      type: DECIDE_WITHIN,
      about: 'how long a void is kept while the acquirer does not answer',
    },
  },
  notes: ['A setting without an option keeps its value. A new merchant gets the default of the service.'],
  json: {
    each: 'merchant',
    members: {
      httpStatus: 'the status of the response',
      '…': 'the members of the response: the merchant, or an RFC 9457 problem with `reason`',
    },
  },
  fails: 'the service refused, or cannot be reached',
  examples: [
    'merchant --mid 123456789012345 --time-zone Asia/Shanghai --cut-off 23:00 --window minutes:30',
    'merchant --mid 123456789012345 --state closed',
    'merchant --mid 123456789012345 --late-reversals refuse --reason-required true --decide-within window',
  ],
})

export const PROVISION = declare({
  about: 'register a terminal, or change its settings or master key',
  options: {
    ...IDENTITY,
    ...ADMINISTRATION,
    tmk: { ...TMK, about: 'the master key; without it the present one stays' },
    allowSingleLength: { about: 'accept a DES master key of 8 bytes' },
    parity: {
      type: choice('NAME', ['any', 'odd']),
      about: 'whether each byte of a DES master key must have odd parity',
    },
    mac: { type: MAC, about: 'the MAC profile' },
    state: {
      type: choice('NAME', ['active', 'blocked', 'stolen', 'retired']),
      about: 'the state of the terminal',
    },
    textEncoding: { type: choice('NAME', ['gbk', 'ascii']), about: 'the language of field 63' },
    settlementMac: {
      type: choice('NAME', ['optional', 'required']),
      about: 'whether a settlement must have a MAC',
    },
    ...MESSAGE_FORMS,
  },
  notes: [
    'Its merchant is registered first, by annul merchant. A setting without an option keeps its value.',
    'The master key travels as two random XOR components, each with its check value, as two custodians would enter it.',
    'A weak master key is refused before it is sent: a weak or semi-weak DES key, two equal halves, one repeated byte.',
  ],
  json: {
    each: 'terminal',
    members: {
      httpStatus: 'the status of the response',
      '…': 'the members of the response: the terminal, or an RFC 9457 problem with `reason`',
    },
  },
  fails: 'the service refused, or cannot be reached',
  examples: [
    'provision --mid 123456789012345 --tid 00000042 --tmk 258FB0AB70D025CDB99DF2C4D302D646 --mac x9.19',
    'provision --mid 123456789012345 --tid 00000042 --state blocked',
  ],
})

const KEY_MEMBERS = {
  httpStatus: 'the status of the response',
  '…': 'the members of the response: the key, or an RFC 9457 problem with `reason`',
} as const

const OWNER = { type: MERCHANT_ID, about: 'the merchant number of the key' } as const

export const CREATE_KEY = declare({
  about: 'make a bearer key for the JSON API and print it, once',
  options: {
    name: { type: KEY_NAME, required: true, about: 'the name of the key' },
    mid: OWNER,
    scopes: { type: SCOPE_LIST, about: 'what the key may do; by default all that its owner may do' },
    expires: { type: MOMENT, about: 'the first moment at which the key is not valid' },
    ...ADMINISTRATION,
    bootstrapKey: {
      type: API_KEY,
      env: 'ANNUL_BOOTSTRAP_KEY',
      secret: true,
      about: 'in place of --key: the secret BOOTSTRAP_KEY of the service, for an administrator’s key',
    },
  },
  notes: [
    'Without --mid the key is an administrator’s. The database has only the SHA-256 of a key.',
    'A key makes no key with a scope that it lacks, and none that outlives it. BOOTSTRAP_KEY has every scope.',
    'The key is an entry of the journal, and the merchant of a key is registered first (annul merchant).',
  ],
  json: { each: 'key', members: { ...KEY_MEMBERS, 'key?': 'the key itself' } },
  fails: 'the service refused, or cannot be reached',
  examples: [
    'api-key create --name back-office --mid 123456789012345',
    'api-key create --name reports --scopes read --expires 2027-06-01T00:00:00+08:00',
  ],
})

export const LIST_KEYS = declare({
  about: 'list the bearer keys of a merchant, or of the administrators',
  options: { mid: OWNER, ...ADMINISTRATION },
  json: {
    each: 'key',
    members: {
      'httpStatus?': 'of a refusal: the status of the response',
      '…': 'the members of a key in the response, or an RFC 9457 problem with `reason`',
    },
  },
  fails: 'the service refused, or cannot be reached',
  examples: ['api-key list', 'api-key list --mid 123456789012345'],
})

export const REVOKE_KEY = declare({
  about: 'revoke a bearer key',
  options: { id: { type: KEY_ID, required: true, about: 'the id of the key' }, ...ADMINISTRATION },
  notes: ['annul api-key list shows the ids.'],
  json: { each: 'key', members: KEY_MEMBERS },
  fails: 'the service refused, or cannot be reached',
  examples: ['api-key revoke --id 9f6e0c1d7b7a4a52b9d0a4c3f2e1d0c9'],
})

export const RECONCILE = declare({
  about: 'compare the acquirer’s own list with the forwarded messages',
  options: {
    acquirerLedger: {
      type: PATH_OR_URL,
      required: true,
      about: 'the list: a JSON array, an object with `items`, or NDJSON',
    },
    ...ADMINISTRATION,
    asOf: { type: MOMENT, about: 'the time of the list; else the time when the file was written' },
    since: {
      type: MOMENT,
      about: 'messages forwarded since then must be in the list; else all messages must',
    },
    apply: { about: 'record what follows from each difference; without it nothing changes' },
  },
  notes: [
    'Nothing is sent to the acquirer. The service decides every difference, and opens a case where a person must decide.',
  ],
  json: {
    each: 'difference; the last line is the summary',
    members: {
      'kind?': '`sale` or `void`',
      'merchantId?': 'the merchant number',
      'terminalId?': 'the terminal number',
      'batchNumber?': 'the batch',
      'stan?': 'the trace number',
      'result?':
        '`resolves`, `differs`, `changed_since`, `in_progress`, `known_case`, `unknown_terminal`, `archived`',
      'difference?':
        'of `differs`: what differs; `only_acquirer`, `only_ours`, `state`, `amount`, `identity`',
      'event?': 'of `resolves`: the outcome; `acquirer_approved`, `acquirer_declined`, `acquirer_undone`',
      'acquirer?': 'state and amount in the list',
      'ours?': 'state, amount and RRN here, or null',
      'applied?': 'whether it was recorded; null where nothing follows, or without `--apply`',
      'status?': 'of a line that the service rejected: the HTTP status',
      'reason?': 'of such a line: the reason',
      'theirs?':
        'of the summary: messages in the list; beside it `ours`, `agree` and a count for each result',
      '…': 'further members of the service’s response',
    },
  },
  fails: 'a difference is not recorded, or the service or the list cannot be read',
  examples: [
    'reconcile --acquirer-ledger ledger.ndjson --url https://annul.example',
    'reconcile --acquirer-ledger http://127.0.0.1:8790/ledger --apply',
  ],
})

export const STATUS = declare({
  about: 'show the size of the database, what it holds, what waits, and which migrations are missing',
  options: ONE_DATABASE,
  notes: [
    'The limit is DATABASE_LIMIT_BYTES of wrangler.toml, else 10 GB.',
    'Today is the UTC day. The command reads every sale and void once to count those of today.',
  ],
  json: {
    each: 'database',
    members: {
      bytes: 'its size, or null where it is unknown',
      limit: 'the most bytes that it can have',
      percent: 'the share of the limit in percent, rounded down, or null',
      day: 'the UTC day of `sales`, `voids` and `refusalsBeyondQuota`',
      'entries?': 'entries of the journal; this figure and the next ones are absent if a table is missing',
      'sales?': 'approved sales of the day',
      'voids?': 'voids of the day, without those that are declined or reversed',
      'openCases?': 'cases that a person must decide',
      'dueMessages?': 'forwarded messages whose next try is due',
      'oldestDue?': 'the time since when the oldest of them is due, or null',
      'refusalsBeyondQuota?': 'refusals of the day that were counted and not written',
      'openDays?': 'days of the acquirer whose totals differ, with an open case',
      'echo?':
        'the last echo at the acquirer: when it was sent, the failures in a row, and why the last one failed; null without one',
      migrations: 'the number of `applied` migrations, and the names of those that are `missing`',
    },
  },
  fails: 'a migration is missing, or the database cannot be used',
  examples: ['status', 'status --remote --env shanghai --json'],
})
