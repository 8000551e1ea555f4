/** @module The routes of bearer keys: who may send requests, and which. */

import { keyAnswer, keyPath, keysAnswer, keysQuery, newKeyAnswer, newKeyBody } from '../json/key-schemas.ts'
import { EXAMPLE_KEY, EXAMPLE_MERCHANT_ID } from './examples.ts'
import type { Routes } from './route.ts'

export const KEY_ROUTES = {
  'POST /v1/keys': {
    operationId: 'createKey',
    tag: 'keys',
    summary: 'Make a bearer key',
    description:
      'Makes a bearer key of a merchant or of an administrator. It has no scope that its maker lacks, and does not outlive its maker. Only the first answer has the key. If it is lost, revoke the key and make another.',
    caller: 'administrator',
    scope: 'admin',
    takesBootstrapKey: true,
    idempotencyKey: true,
    body: newKeyBody,
    answers: {
      200: {
        description: 'The key was made by an earlier request under this `Idempotency-Key`.',
        body: keyAnswer,
        headers: ['idempotent-replayed'],
        example: EXAMPLE_KEY,
      },
      201: {
        description: 'The key, new.',
        body: newKeyAnswer,
        example: { ...EXAMPLE_KEY, key: 'annul_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I' },
      },
    },
    reasons: ['merchant_required', 'key_reused_with_different_content', 'in_progress'],
    example: {
      body: {
        merchantId: EXAMPLE_MERCHANT_ID,
        name: EXAMPLE_KEY.name,
        scopes: ['read', 'voids:write'],
        expiresAt: '2027-06-01T00:00:00+08:00',
      },
    },
  },
  'GET /v1/keys': {
    operationId: 'listKeys',
    tag: 'keys',
    summary: 'List bearer keys',
    description:
      'Returns the keys of a merchant, or of the administrators, in pages. The oldest key is first. No answer has a key itself.',
    caller: 'administrator',
    scope: 'admin',
    query: keysQuery,
    answers: {
      200: {
        description: 'A page of keys.',
        body: keysAnswer,
        example: { items: [EXAMPLE_KEY], next: null, certainty: 'FINAL', doNext: 'nothing' },
      },
    },
    reasons: [],
    example: { query: { merchantId: EXAMPLE_MERCHANT_ID, limit: 50 } },
  },
  'POST /v1/keys/{id}/revoke': {
    operationId: 'revokeKey',
    tag: 'keys',
    summary: 'Revoke a bearer key',
    description:
      'Revokes a bearer key. From then on each request with it gets 401. A key that is revoked stays as it is.',
    caller: 'administrator',
    scope: 'admin',
    path: keyPath,
    answers: {
      200: {
        description: 'The key, revoked.',
        body: keyAnswer,
        example: { ...EXAMPLE_KEY, state: 'revoked', revokedAt: '2026-06-01T08:00:00.000Z' },
      },
    },
    reasons: ['not_found', 'in_progress', 'outcome_unknown'],
    example: { path: { id: EXAMPLE_KEY.id } },
  },
} as const satisfies Routes
