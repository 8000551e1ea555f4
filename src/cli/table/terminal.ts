/** @module The operations of the virtual terminal. */

import { USUAL_FORMS } from '../../domain/terminal-profile.ts'
import { KEY_LAYOUTS, REVERSAL_REASON_CODES } from '../../terminal/state.ts'
import { testCard } from '../../terminal/test-cards.ts'
import { declare, type JsonOutput } from '../lib/declare.ts'
import { AMOUNT, CARD, choice, PATH, SERVER_URL, STAN } from '../lib/values.ts'
import { IDENTITY, MAC, MESSAGE_FORMS, TMK } from './shared.ts'

const TERMINAL_URL = 'http://localhost:8787/unp/webtrans/WPOS'

/** The options of every operation. */
const TERMINAL_OPTIONS = {
  ...IDENTITY,
  tmk: { ...TMK, required: true, about: 'the master key of the terminal' },
  mac: { type: MAC, about: 'the MAC profile; cup-ecb unless the state has another' },
  url: { type: SERVER_URL, fallback: TERMINAL_URL, about: 'the address that takes frames' },
  state: {
    type: PATH,
    about: 'the file of the terminal’s state, in place of .annul/terminal-MID-TID.json',
  },
  padding: { ...MESSAGE_FORMS.padding, fallback: USUAL_FORMS.padding },
  entryMode: { ...MESSAGE_FORMS.entryMode, fallback: USUAL_FORMS.entryMode },
  serial: { about: 'send serial frames (STX LEN DATA ETX LRC), not frames with a TPDU' },
  loseAnswer: { about: 'drop the response, as a bad network would' },
  showHex: { about: 'show each frame in hex too' },
} as const

const SETTLEMENT = {
  noSettlementMac: { about: 'send the settlement without a MAC' },
} as const

const JSON_OUTPUT = {
  each: 'exchange of a request and its response',
  members: {
    operation: 'what the terminal sent: the operation, `upload`, `upload-end`',
    stan: 'field 11 of the request',
    batchNumber: 'the open batch, from field 60',
    'amount?': 'the amount in fen, where the request has one',
    outcome: '`approved`, `declined`, `invalid` (the terminal must not believe the response), `unanswered`',
    responseCode: 'field 39, or the two codes of a settlement; null without a response',
    rrn: 'field 37 of the response, or null',
    authorizationCode: 'field 38 of the response, or null',
    zh: 'the outcome in Chinese',
    en: 'the outcome in English',
    'reason?': 'the service’s name of a refusal',
    'silence?': 'why there is no response',
    signOnAgain: 'whether the response requests a new sign-on',
    ms: 'milliseconds until the response',
    'request?': 'with `--show-hex`: the frame that was sent',
    'answer?': 'with `--show-hex`: the frame that was received, or null',
  },
} as const satisfies JsonOutput

const SHARED = {
  json: JSON_OUTPUT,
  fails: 'the service declined or did not respond, or the terminal itself refuses the operation',
} as const

const example = (operation: string, more = ''): string =>
  `terminal ${operation} --mid 123456789012345 --tid 12345678 --tmk 258FB0AB70D025CDB99DF2C4D302D646${more}`

/** By the word after `annul terminal`. */
export const TERMINAL_OPERATIONS = {
  'sign-on': declare({
    ...SHARED,
    about: 'fetch working keys, the batch number and the time',
    options: {
      ...TERMINAL_OPTIONS,
      layout: { type: choice('CODE', KEY_LAYOUTS), about: 'field 60.3 of the request: which keys, how long' },
    },
    examples: [example('sign-on')],
  }),

  echo: declare({
    ...SHARED,
    about: 'send an echo test',
    options: TERMINAL_OPTIONS,
    examples: [example('echo')],
  }),

  sale: declare({
    ...SHARED,
    about: 'send a sale on a test card',
    options: {
      ...TERMINAL_OPTIONS,
      amount: { type: AMOUNT, required: true, about: 'the amount in fen' },
      pan: { type: CARD, fallback: testCard(1), about: 'the card: a test card only' },
    },
    examples: [example('sale', ' --amount 1234')],
  }),

  void: declare({
    ...SHARED,
    about: 'void a sale of the open batch',
    options: {
      ...TERMINAL_OPTIONS,
      stan: { type: STAN, about: 'the sale; else the last approved sale that is not voided' },
    },
    examples: [example('void'), example('void', ' --stan 2 --show-hex')],
  }),

  reverse: declare({
    ...SHARED,
    about: 'reverse a sale or a void whose outcome is unknown or unwanted',
    options: {
      ...TERMINAL_OPTIONS,
      stan: { type: STAN, about: 'the message; else the one without a response, or the last approved one' },
      reason: {
        type: choice('CODE', REVERSAL_REASON_CODES),
        fallback: '98',
        about: 'field 39 of the reversal',
      },
    },
    examples: [example('reverse')],
  }),

  settle: declare({
    ...SHARED,
    about: 'compare the totals of the batch, close it and open the next one',
    options: { ...TERMINAL_OPTIONS, ...SETTLEMENT },
    examples: [example('settle')],
  }),

  'sign-off': declare({
    ...SHARED,
    about: 'sign off',
    options: TERMINAL_OPTIONS,
    examples: [example('sign-off')],
  }),

  day: declare({
    ...SHARED,
    about: 'run a whole day: sign-on, two sales, a void, settlement, sign-off',
    options: {
      ...TERMINAL_OPTIONS,
      ...SETTLEMENT,
      amount: { type: AMOUNT, fallback: '1234', about: 'the amount of the first sale in fen' },
      pan: { type: CARD, fallback: testCard(1), about: 'the card: a test card only' },
    },
    notes: ['The day stops at the first response that is not an approval.'],
    examples: [example('day')],
  }),
} as const
