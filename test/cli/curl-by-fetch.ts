/**
 * @module The README's `curl` options, by fetch, for a machine without curl. Prints the body, and the status
 * on its own line.
 */

import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    request: { type: 'string', short: 'X' },
    header: { type: 'string', short: 'H', multiple: true },
    data: { type: 'string', short: 'd' },
  },
})
const headers = (values.header ?? []).map((line): [string, string] => {
  const colon = line.indexOf(': ')
  return [line.slice(0, colon), line.slice(colon + 2)]
})
const { request: method = 'GET', data: body } = values
const response = await fetch(positionals[0] ?? '', {
  method,
  headers,
  ...(body === undefined ? {} : { body }),
})
process.stdout.write(`${await response.text()}\n${response.status}\n`)
