/** @module Commands for a checkout: servers on this machine, and the shell. */

import { declare } from '../lib/declare.ts'
import { AMOUNT, choice, PORT } from '../lib/values.ts'
import { SERVER, STARTED } from './shared.ts'

export const START = declare({
  about: 'start the service on this machine, with one merchant and one terminal (npm start)',
  options: { ...SERVER, quiet: { about: 'do not print the log of the service' } },
  notes: [
    'The first start makes two secrets in .dev.vars, the local database, two bearer keys and a master key of the terminal.',
    'Ctrl-C ends the service and all its processes.',
  ],
  fails: 'the service cannot start, or ends by itself',
  examples: ['start', 'start --port 9000 --quiet'],
})

export const ENV = declare({
  about: 'make a sale and print what a curl needs to void it, as exports for a shell',
  options: {
    ...STARTED,
    amount: { type: AMOUNT, fallback: '1234', about: 'the amount of the sale in fen' },
  },
  notes: [
    'The service must run on this machine (annul start). A new terminal of its merchant signs on and sells.',
    'Each run makes another sale.',
  ],
  json: {
    each: 'sale',
    members: {
      url: 'the address of the service',
      apiKey: 'a bearer key of the merchant',
      merchantId: 'the merchant number',
      terminalId: 'the terminal number',
      saleId: 'the id of the sale',
      rrn: 'the RRN of the sale',
      amount: 'the amount of the sale in fen',
    },
  },
  fails: 'the service does not run, or the sale is declined',
  examples: ['env', 'env --url http://localhost:9000 --json'],
})

export const DEMO = declare({
  about: 'start a simulated acquirer and the service, and run a terminal’s day (npm run demo)',
  options: {
    ...SERVER,
    exit: { about: 'end both after the day' },
    verbose: { about: 'show every message field by field' },
  },
  fails: 'a step of the day did not give the expected result',
  examples: ['demo', 'demo --exit'],
})

export const ACQUIRER = declare({
  about: 'start the simulated acquirer alone (npm run acquirer)',
  options: { port: { type: PORT, fallback: '8790', about: 'the port of the acquirer' } },
  notes: ['Its records are in memory: GET /ledger shows them. POST /faults makes it fail.'],
  fails: 'the acquirer cannot start, or ends by itself',
  examples: ['acquirer'],
})

export const BUILD = declare({
  about: 'compile the WebAssembly core into build/core.wasm, if a source changed',
  options: {},
  examples: ['build'],
})

export const COMPLETION = declare({
  about: 'print the completion script of a shell',
  argument: {
    type: choice('SHELL', ['bash', 'zsh', 'fish']),
    about: 'the shell',
  },
  options: {},
  examples: ['completion bash'],
})
