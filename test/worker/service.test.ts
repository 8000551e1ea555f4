/** @module The routes that describe the service: name and version, the OpenAPI document, and the page without a script. */

import { describe, expect, it } from 'vitest'
import * as s from './support.ts'

const isolate = await s.openIsolate()
const jsonOf = async (response: Response) => ({
  status: response.status,
  body: (await response.json()) as Record<string, unknown>,
})

describe('the service', () => {
  it('says what it is, and has its reference as a document and as a page', async () => {
    const open = (path: string) => isolate.fetch(path)
    const service = await jsonOf(await open('/'))
    expect([service.status, service.body]).toEqual([
      200,
      {
        name: 'annul',
        version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
        docs: '/docs',
        openapi: '/openapi.json',
      },
    ])
    const document = (await jsonOf(await open('/openapi.json'))).body as {
      info: { version: string }
      paths: object
    }
    expect(document.info.version).toBe(service.body.version)
    const page = await open('/docs')
    const html = await page.text()
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toMatch(/unsafe|https?:|\*|script-src/)
    expect(html).not.toMatch(/<script|<style|style=|\son\w+=|https?:\/\//)
    for (const path of Object.keys(document.paths)) expect(html).toContain(`<code>${path}</code>`)
    const style = await open('/docs/style.css')
    expect(html).toContain('<link rel="stylesheet" href="/docs/style.css">')
    expect([style.status, style.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8'])
    expect((await isolate.fetch('/docs', { method: 'POST' })).status).toBe(405)
    expect((await isolate.fetch('/nothing')).status).toBe(404)
    expect((await isolate.fetch('/v1/cases')).status).toBe(401)
  })
})
