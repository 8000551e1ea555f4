/** @module The id of a request: in every answer as `X-Request-Id`, and in the lines that the request writes to the log. */

import type { Context } from 'hono'
import { freshId } from '../crypto/random.ts'
import type { Services } from '../pipeline/services.ts'

const REQUEST_ID = 'requestId'

/** RFC 9562: with a version and the variant. One without a letter is no random number. */
const UUID = /^(?=.*[a-f])[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i
const TOKEN = /^[A-Za-z0-9][A-Za-z0-9._-]{7,63}$/

/** As many digits as a card number has, however they are grouped. An id needs none, so its check digit does not matter. */
const LONG_NUMBER = /[0-9](?:[._-]{0,3}[0-9]){12}/

/** The log keeps the id. So an id that may hold a card number is not taken. */
const isTaken = (id: string): boolean => UUID.test(id) || (TOKEN.test(id) && !LONG_NUMBER.test(id))

/** The client's own id where it is sound; else a new one. */
export function openRequestId({ random }: Services, c: Context): string {
  const given = c.req.header('x-request-id')
  const id = given !== undefined && isTaken(given) ? given : freshId(random)
  c.set(REQUEST_ID, id)
  return id
}

/** The headers of an answer outside the API. */
export const outsideHeaders = (services: Services, c: Context): Record<string, string> => ({
  'x-request-id': c.get(REQUEST_ID) ?? openRequestId(services, c),
  'cache-control': 'no-store',
})

/** A log whose lines name the request. */
export function logOf({ log }: Services, c: Context): Services['log'] {
  const requestId: string | undefined = c.get(REQUEST_ID)
  return (event, detail) => log(event, { ...detail, requestId })
}
