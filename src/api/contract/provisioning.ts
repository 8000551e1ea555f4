/** @module The routes by which merchants and terminals are provisioned. */

import { merchantAnswer, terminalAnswer } from '../json/answer-schemas.ts'
import { merchantPath, merchantSettings, terminalPath, terminalSettings } from '../json/schemas.ts'
import { EXAMPLE_MERCHANT, EXAMPLE_MERCHANT_ID, EXAMPLE_TERMINAL, EXAMPLE_TERMINAL_ID } from './examples.ts'
import type { Routes } from './route.ts'

export const PROVISIONING_ROUTES = {
  'PUT /v1/merchants/{merchantId}': {
    operationId: 'putMerchant',
    tag: 'provisioning',
    summary: 'Register or change a merchant',
    description:
      'Registers a merchant or changes its settings. A missing setting keeps its value, or gets its default for a new merchant.',
    caller: 'administrator',
    scope: 'admin',
    path: merchantPath,
    body: merchantSettings,
    answers: {
      200: { description: 'The merchant, changed.', body: merchantAnswer, example: EXAMPLE_MERCHANT },
      201: { description: 'The merchant, new.', body: merchantAnswer, example: EXAMPLE_MERCHANT },
    },
    reasons: ['currency_fixed', 'in_progress'],
    example: {
      path: { merchantId: EXAMPLE_MERCHANT_ID },
      body: { name: EXAMPLE_MERCHANT.name, timeZone: 'Asia/Shanghai', cutOff: '23:00' },
    },
  },
  'GET /v1/merchants/{merchantId}': {
    operationId: 'getMerchant',
    tag: 'provisioning',
    summary: 'Read a merchant',
    description: 'Returns the settings of a merchant.',
    caller: 'merchant',
    scope: 'read',
    path: merchantPath,
    answers: { 200: { description: 'The merchant.', body: merchantAnswer, example: EXAMPLE_MERCHANT } },
    reasons: ['not_found'],
    example: { path: { merchantId: EXAMPLE_MERCHANT_ID } },
  },
  'PUT /v1/merchants/{merchantId}/terminals/{terminalId}': {
    operationId: 'putTerminal',
    tag: 'provisioning',
    summary: 'Register or change a terminal',
    description:
      'Registers a terminal of a registered merchant, or changes its state, profile or master key. A missing setting keeps its value. A new terminal needs a master key, and so does a change of the MAC profile.',
    caller: 'administrator',
    scope: 'terminals:write',
    path: terminalPath,
    body: terminalSettings,
    answers: {
      200: { description: 'The terminal, changed.', body: terminalAnswer, example: EXAMPLE_TERMINAL },
      201: { description: 'The terminal, new.', body: terminalAnswer, example: EXAMPLE_TERMINAL },
    },
    reasons: [
      'merchant_required',
      'terminal_of_other_merchant',
      'master_key_required',
      'master_key_weak',
      'check_value_differs',
      'not_recorded',
      'in_progress',
    ],
    example: {
      path: { merchantId: EXAMPLE_MERCHANT_ID, terminalId: EXAMPLE_TERMINAL_ID },
      body: {
        macProfile: 'cup-ecb',
        tmk: {
          components: [
            { value: '0123456789ABCDEFFEDCBA9876543210', checkValue: '08D7B4FB' },
            { value: '00129C06146AFA81F97DA9A63C5F1496', checkValue: 'FB6B8C22' },
          ],
        },
      },
    },
  },
} as const satisfies Routes
