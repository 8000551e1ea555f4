/** @module JSON Schemas of the contract. Each named schema stands once under `components`, and others refer to it. */

import * as z from 'zod'
import * as answers from '../../src/api/json/answer-schemas.ts'
import { inquiryAnswer } from '../../src/api/json/inquiry-schemas.ts'
import * as keys from '../../src/api/json/key-schemas.ts'
import * as lines from '../../src/api/json/line-schemas.ts'
import { problem } from '../../src/api/json/problem.ts'
import * as requests from '../../src/api/json/schemas.ts'
import { serviceAnswer } from '../../src/api/json/service-schemas.ts'
import { windowPolicy } from '../../src/api/json/settings.ts'

export type Json = Record<string, unknown>

/** Name in the document → schema. */
const ANSWERS = {
  Void: answers.voidAnswer,
  Reversal: answers.reversalAnswer,
  Sale: answers.saleAnswer,
  CapturedLine: lines.capturedLine,
  Inquiry: inquiryAnswer,
  Case: answers.caseAnswer,
  CasePage: answers.casesAnswer,
  AcquirerMessagePage: answers.acquirerMessagesAnswer,
  ComparedLine: lines.comparedLine,
  Merchant: answers.merchantAnswer,
  Terminal: answers.terminalAnswer,
  Key: keys.keyAnswer,
  NewKey: keys.newKeyAnswer,
  KeyPage: keys.keysAnswer,
  Service: serviceAnswer,
  Problem: problem,
} as const

const REQUESTS = {
  VoidRequest: requests.voidRequestBody,
  ReversalRequest: requests.reversalRequestBody,
  CapturedSale: requests.capturedSaleBody,
  CaseDecision: requests.caseDecision,
  RecordLine: requests.recordLine,
  MerchantSettings: requests.merchantSettings,
  TerminalSettings: requests.terminalSettings,
  KeyRequest: keys.newKeyBody,
  WindowPolicy: windowPolicy,
} as const

export const refOf = (name: string): string => `#/components/schemas/${name}`

/** JSON Schemas of named schemas, which refer to one another. `io`: as they are sent, or as they come out. */
function schemasOf(named: Readonly<Record<string, z.ZodType>>, io: 'input' | 'output'): Json {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id })
  const { schemas } = z.toJSONSchema(registry, { io, uri: refOf })
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, plain(schema)]))
}

export const jsonSchemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json =>
  plain(z.toJSONSchema(schema, { io })) as Json

/** Without the members by which JSON Schema names a file of its own; a format that a pattern says better is left to it. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).filter(([name]) => name !== '$schema' && name !== '$id')
  return Object.fromEntries(members.map(([name, member]) => [name, plain(member)]))
}

const nameOf = (schema: z.ZodType): string | undefined =>
  Object.entries({ ...ANSWERS, ...REQUESTS }).find(([, one]) => one === schema)?.[0]

export function reference(schema: z.ZodType, io: 'input' | 'output'): Json {
  const name = nameOf(schema)
  return name === undefined ? jsonSchemaOf(schema, io) : { $ref: refOf(name) }
}

/** Every named schema. */
export const componentSchemas = (): Json => ({
  ...schemasOf(ANSWERS, 'output'),
  ...schemasOf(REQUESTS, 'input'),
})
