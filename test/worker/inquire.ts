/** @module Inquiries of a test, and their expected answers. */

import { rows } from './book.ts'
import * as s from './support.ts'
import type { TestTerminal } from './terminal.ts'

export const inquire = (to: s.Isolate, bearer: string, query: Record<string, string>): Promise<s.JsonReply> =>
  s.ask(to, bearer, 'GET', `/v1/inquiries?${new URLSearchParams(query)}`)

export const keyOf = (
  kind: 'sale' | 'void',
  stan: string,
  { tid, mid }: Pick<TestTerminal, 'tid' | 'mid'>,
) => ({
  merchantId: mid,
  terminalId: tid,
  batchNumber: '000001',
  stan,
  kind,
})

export const idOf = async (table: 'sale' | 'void', rrn: string | undefined): Promise<string> =>
  String((await rows(`select id from ${table} where rrn = ?`, rrn ?? ''))[0]?.id)

/** The answer to a terminal, as an inquiry repeats it. */
export const answerFields = ({ fields }: s.Reply) => ({
  responseCode: fields.get(39),
  rrn: fields.get(37),
  authorizationCode: fields.get(38) ?? null,
})
