/** @module The routes that describe the service itself. Anyone may read them. */

import { openApiDocument, serviceAnswer } from '../json/service-schemas.ts'
import type { Routes } from './route.ts'

export const SERVICE_ROUTES = {
  'GET /': {
    operationId: 'getService',
    tag: 'service',
    summary: 'Read name and version',
    description: 'Returns the name and version of the service, and the paths of its documentation.',
    caller: 'anyone',
    answers: {
      200: {
        description: 'The service.',
        body: serviceAnswer,
        example: { name: 'annul', version: '0.1.0', docs: '/docs', openapi: '/openapi.json' },
      },
    },
    reasons: [],
  },
  'GET /openapi.json': {
    operationId: 'getOpenApi',
    tag: 'service',
    summary: 'Read this document',
    description: 'Returns the OpenAPI 3.1 document of this API.',
    caller: 'anyone',
    answers: { 200: { description: 'The OpenAPI document.', body: openApiDocument } },
    reasons: [],
  },
  'GET /docs': {
    operationId: 'getDocs',
    tag: 'service',
    summary: 'Read the reference as a page',
    description:
      'Returns the OpenAPI document as a page for people. The page has no script and loads nothing from elsewhere.',
    caller: 'anyone',
    answers: { 200: { description: 'The page.', body: null, type: 'text/html' } },
    reasons: [],
  },
  'GET /docs/style.css': {
    operationId: 'getDocsStyle',
    tag: 'service',
    summary: 'Read the style of the page',
    description: 'Returns the style sheet of the page.',
    caller: 'anyone',
    answers: { 200: { description: 'The style sheet.', body: null, type: 'text/css' } },
    reasons: [],
  },
} as const satisfies Routes
