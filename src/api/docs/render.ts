/** @module The OpenAPI document as one page: routes by tag, then schemas. The page needs no script. */

import { element, empty, type Html, prose, table } from './html.ts'
import { besideProblem, membersIn, type Schema } from './members.ts'

/** The members of a document that the page shows. */
export interface Document {
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: object
  readonly components: { readonly schemas: object }
}

interface Content {
  readonly [type: string]: { readonly schema: Schema; readonly example?: unknown; readonly examples?: object }
}

interface Operation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description: string
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly description?: string
    readonly schema: Schema
  }[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: Content }>>
}

interface Route extends Operation {
  readonly method: string
  readonly path: string
}

function routesOf({ paths }: Document): Route[] {
  const byPath = Object.entries(paths as Readonly<Record<string, Readonly<Record<string, Operation>>>>)
  return byPath.flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      ...operation,
    })),
  )
}

const nameOf = (reference: string): string => reference.slice(reference.lastIndexOf('/') + 1)

const code = (text: string): Html => element('code', {}, text)

function joined(parts: readonly (Html | string)[], by: string): (Html | string)[] {
  return parts.flatMap((part, i) => (i === 0 ? [part] : [by, part]))
}

/** A schema in a few words. */
function typeOf(schema: Schema): (Html | string)[] {
  const { $ref, enum: choices, const: only, anyOf, type, items, pattern } = schema
  if ($ref !== undefined) return [element('a', { href: `#${nameOf($ref)}` }, nameOf($ref))]
  if (Array.isArray(choices))
    return joined(
      choices.map((one) => code(String(one))),
      ', ',
    )
  if (only !== undefined) return [code(String(only))]
  if (anyOf !== undefined)
    return anyOf.flatMap((one, i) => (i === 0 ? typeOf(one) : [' or ', ...typeOf(one)]))
  if (items !== undefined) return ['list of ', ...typeOf(items)]
  if (Array.isArray(type)) return [type.join(' or ')]
  return typeof pattern === 'string' && pattern.length < 40 ? [`${type} `, code(pattern)] : [String(type)]
}

function membersOf(schema: Schema): Html {
  const rows = membersIn(schema).map(({ name, required, schema: member }) => [
    code(name),
    required ? 'required' : '',
    typeOf(member),
    prose(member.description ?? ''),
  ])
  return table(['member', '', 'value', 'meaning'], rows)
}

const shown = (value: unknown): Html => element('pre', {}, JSON.stringify(value, null, 2))

function contentOf(content: Content): Html[] {
  return Object.entries(content).map(([type, { schema, example }]) => {
    const title = element('p', {}, code(type), ': ', typeOf(schema))
    if (example === undefined) return title
    return element(
      'div',
      {},
      title,
      element('details', {}, element('summary', {}, 'Example'), shown(example)),
    )
  })
}

function routeSection(route: Route): Html {
  const { method, path, operationId, summary, description, parameters = [], requestBody, responses } = route
  const rows = parameters.map((one) => [
    code(one.name),
    one.in,
    one.required ? 'required' : '',
    typeOf(one.schema),
    prose(one.description ?? ''),
  ])
  const answers = Object.entries(responses).map(([status, { description: text, content }]) => [
    status,
    prose(text),
    Number(status) < 300 ? contentOf(content) : '',
  ])
  return element(
    'section',
    { id: operationId },
    element('h3', {}, element('span', { class: 'method' }, method), ' ', code(path)),
    element('p', {}, element('strong', {}, summary), '. ', prose(description)),
    parameters.length === 0 ? '' : table(['parameter', 'in', '', 'value', 'meaning'], rows),
    requestBody === undefined ? '' : element('h4', {}, 'Body'),
    requestBody === undefined ? '' : contentOf(requestBody.content),
    element('h4', {}, 'Answers'),
    table(['status', 'meaning', 'body'], answers),
  )
}

function optionOf(option: Schema, problem: Schema | undefined): (Html | string)[] {
  const own = besideProblem(option, problem)
  if (own === null) return [membersOf(option)]
  const link = element('a', { href: '#Problem' }, 'Problem')
  return [element('p', {}, 'It has every member of ', link, ', and these:'), membersOf(own)]
}

function schemaSection([name, schema]: readonly [string, Schema], problem: Schema | undefined): Html {
  const options = schema.anyOf ?? schema.oneOf
  return element(
    'section',
    { id: name },
    element('h3', {}, name),
    element('p', {}, prose(schema.description ?? '')),
    options === undefined ? membersOf(schema) : options.flatMap((option) => optionOf(option, problem)),
  )
}

function navigation(document: Document, routes: readonly Route[], names: readonly string[]): Html {
  const link = (to: string, text: string) => element('li', {}, element('a', { href: `#${to}` }, text))
  return element(
    'nav',
    { 'aria-label': 'Reference' },
    document.tags.map(({ name }) => [
      element('strong', {}, name),
      element(
        'ul',
        {},
        routes
          .filter(({ tags }) => tags.includes(name))
          .map(({ operationId, summary }) => link(operationId, summary)),
      ),
    ]),
    element('strong', {}, 'schemas'),
    element(
      'ul',
      {},
      names.map((name) => link(name, name)),
    ),
  )
}

export function renderDocs(document: Document, stylePath: string): string {
  const { info, tags, components } = document
  const routes = routesOf(document)
  const byName = components.schemas as Readonly<Record<string, Schema>>
  const schemas = Object.entries(byName)
  const head = element(
    'head',
    {},
    empty('meta', { charset: 'utf-8' }),
    empty('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    element('title', {}, `${info.title} ${info.version}: JSON API`),
    empty('link', { rel: 'stylesheet', href: stylePath }),
  )
  const main = element(
    'main',
    {},
    element('h1', {}, `${info.title} ${info.version}`),
    info.description.split('\n\n').map((text) => element('p', {}, prose(text))),
    element('p', {}, element('a', { href: '/openapi.json' }, 'The OpenAPI document')),
    tags.map(({ name, description }) => [
      element('h2', {}, name),
      element('p', {}, prose(description)),
      routes.filter((route) => route.tags.includes(name)).map(routeSection),
    ]),
    element('h2', {}, 'schemas'),
    schemas.map((one) => schemaSection(one, byName.Problem)),
  )
  const names = schemas.map(([name]) => name)
  const body = element('body', {}, navigation(document, routes, names), main)
  return `<!doctype html>\n${element('html', { lang: 'en' }, head, body).html}\n`
}
