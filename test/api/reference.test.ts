/** @module The files that come from the contract: written as it is now, sound by Spectral's rules, with examples that are true. */

import { readFileSync } from 'node:fs'
import spectralCore, { type RulesetDefinition } from '@stoplight/spectral-core'
import spectralRulesets from '@stoplight/spectral-rulesets'
import { describe, expect, it } from 'vitest'
import { type Route, reasonsOf } from '../../src/api/contract/route.ts'
import { CONTRACT, ROUTES } from '../../src/api/contract.ts'
import { renderDocs } from '../../src/api/docs/render.ts'
import { API_REFUSALS } from '../../src/api/json/refusals.ts'
import { faultOfProblemBody } from '../support/contract.ts'
import { openApi } from './openapi.ts'
import { postmanCollection } from './postman.ts'
import { referenceFiles } from './reference-files.ts'

const files = referenceFiles()

it.each([...files.keys()])('%s is as the contract makes it (`npm run docs` writes it)', (path) => {
  expect(readFileSync(path, 'utf8')).toBe(files.get(path))
})

describe('docs/openapi.json', () => {
  const document = JSON.parse(files.get('docs/openapi.json') ?? '')

  it('breaks none of the recommended rules of Spectral', async () => {
    const spectral = new spectralCore.Spectral()
    spectral.setRuleset({ extends: [[spectralRulesets.oas as RulesetDefinition, 'recommended']] })
    expect(await spectral.run(document)).toEqual([])
  })

  it('has every route with a bearer key, but for those that anyone may read', () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods as Record<string, { security: unknown[] }>).map(([method, { security }]) => [
        `${method.toUpperCase()} ${path}`,
        security.length === 0 ? 'anyone' : 'key',
      ]),
    )
    expect(Object.fromEntries(operations)).toEqual(
      Object.fromEntries(ROUTES.map(([name, { caller }]) => [name, caller === 'anyone' ? 'anyone' : 'key'])),
    )
  })

  const problems = Object.entries(document.components.examples as Record<string, { value: unknown }>)
  it.each(problems)('has a true example of %s', (_, { value }) => {
    expect(faultOfProblemBody(value)).toBeNull()
  })

  it('has patterns that mean the same with and without the flag `u`', () => {
    const patterns = [...JSON.stringify(document).matchAll(/"pattern":"((?:[^"\\]|\\.)*)"/g)].map(
      ([, text = '']) => JSON.parse(`"${text}"`) as string,
    )
    expect(patterns.length).toBeGreaterThan(50)
    const texts = [
      '客户误操作',
      '156',
      'a\nb',
      '\u2028',
      '"k"',
      '\u{1f600}',
      '店 №1',
      '22:00',
      '0'.repeat(12),
      'É',
    ]
    for (const pattern of new Set(patterns)) {
      expect(pattern).not.toMatch(/\\p\{|\\P\{/)
      for (const text of texts)
        expect([pattern, text, new RegExp(pattern).test(text)]).toEqual([
          pattern,
          text,
          new RegExp(pattern, 'u').test(text),
        ])
    }
    const { note } = document.components.schemas.CaseDecision.properties
    expect(new RegExp(note.pattern).test('客户误操作')).toBe(true)
  })
})

describe('docs/api.md and GET /docs', () => {
  const page = files.get('docs/api.md') ?? ''
  const document = JSON.parse(files.get('docs/openapi.json') ?? '')
  const html = renderDocs(document, '/style.css')

  /** The names of all members, and of those inside them. */
  const namesIn = (schema: unknown): string[] => {
    if (typeof schema !== 'object' || schema === null) return []
    const { properties } = schema as { properties?: object }
    return [...Object.keys(properties ?? {}), ...Object.values(schema).flatMap(namesIn)]
  }

  it('have every member, also inside others', () => {
    const names = [...new Set(namesIn(document.components.schemas))]
    expect(names).toContain('checkValue')
    for (const name of names) {
      expect(page).toMatch(new RegExp(`^\\| \`(?:\\S+\\.)?${name}\` \\|`, 'm'))
      expect(html).toMatch(new RegExp(`<code>(?:[^<]+\\.)?${name}</code>`))
    }
    expect(page).toContain('| `tmk.components[].value` | yes |')
    expect(html).toContain('<code>tmk.components[].value</code>')
  })

  it('have the members of a problem once', () => {
    expect(page.match(/^\| `errors\[\]\.pointer` /gm)).toHaveLength(1)
    expect(html.match(/<code>errors\[\]\.pointer<\/code>/g)).toHaveLength(1)
  })
})

describe('the contract', () => {
  it('has a name for each operation, and each once', () => {
    const names = ROUTES.map(([, { operationId }]) => operationId)
    expect(new Set(names).size).toBe(names.length)
  })

  const examples = ROUTES.flatMap(([name, route]) =>
    Object.entries(route.answers).flatMap(([status, { body, example }]) =>
      body === null || example === undefined ? [] : [[`${name} → ${status}`, body, example] as const],
    ),
  )
  it.each(examples)('an example of %s is such an answer', (_, body, example) => {
    expect(body.safeParse(example)).toMatchObject({ success: true })
  })

  const requests = ROUTES.filter(([, route]) => route.caller !== 'anyone')
  it.each(requests)(
    'the example of %s is such a request',
    (_, { path, query, body, line, example }: Route) => {
      expect(example !== undefined || (path ?? body ?? line) === undefined).toBe(true)
      if (path !== undefined) expect(path.safeParse(example?.path)).toMatchObject({ success: true })
      if (query !== undefined) expect(query.safeParse(example?.query ?? {})).toMatchObject({ success: true })
      if (body !== undefined) expect(body.safeParse(example?.body)).toMatchObject({ success: true })
      if (line !== undefined)
        for (const one of example?.lines ?? [null])
          expect(line.safeParse(one)).toMatchObject({ success: true })
    },
  )

  it('uses every reason of the API', () => {
    const used = new Set<string>(ROUTES.flatMap(([, route]) => reasonsOf(route)))
    // Paths and methods that are no route have these two.
    const own = Object.keys(API_REFUSALS).filter((reason) => reason !== 'method_not_allowed')
    expect(own.filter((reason) => !used.has(reason))).toEqual([])
  })

  it('has a bearer key, a key of the act and an example body where a Postman request needs them', () => {
    const items = (
      postmanCollection().item as { item: { request: { method: string; header: { key: string }[] } }[] }[]
    )
      .flatMap(({ item }) => item)
      .map(({ request }) => request)
    expect(items.length).toBe(ROUTES.filter(([, { tag }]) => tag !== 'service').length)
    const keyed = items.filter(({ header }) => header.some(({ key }) => key === 'Idempotency-Key'))
    expect(keyed.length).toBe(Object.values(CONTRACT).filter((route) => 'idempotencyKey' in route).length)
  })
})

it('the document names the version of the package', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  expect(openApi().info).toMatchObject({ version })
})
