/** @module The routes that describe the service: name and version, the OpenAPI document, and the reference page. */

import openApi from '../../docs/openapi.json' with { type: 'json' }
import { renderDocs } from './docs/render.ts'
import { STYLE, STYLE_PATH } from './docs/style.ts'
import type { Handler } from './router.ts'

export const getService: Handler<'GET /'> = async () => ({
  status: 200,
  body: { name: 'annul', version: openApi.info.version, docs: '/docs', openapi: '/openapi.json' },
})

let text: string | undefined

/** Anyone may read the document, so its text is made once. */
export const getOpenApi: Handler<'GET /openapi.json'> = async () => {
  text ??= JSON.stringify(openApi)
  return { status: 200, body: openApi, text }
}

/** The page has no script, and its style comes from this service. So nothing else may load. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const SAFE_HEADERS = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' } as const

let page: string | undefined

export const getDocs: Handler<'GET /docs'> = async () => {
  page ??= renderDocs(openApi, STYLE_PATH)
  return {
    status: 200,
    body: page,
    headers: { 'content-security-policy': CONTENT_SECURITY_POLICY, ...SAFE_HEADERS },
  }
}

export const getDocsStyle: Handler<'GET /docs/style.css'> = async () => ({
  status: 200,
  body: STYLE,
  headers: SAFE_HEADERS,
})
