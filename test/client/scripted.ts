/** @module A client whose service is a script: each request takes the next response. The clock moves when the client waits. */

import { type Client, type ClientOptions, createClient } from '../../src/client/index.ts'

export type Fetch = NonNullable<ClientOptions['fetch']>

export interface Scripted {
  readonly client: Client
  /** `METHOD /path` and the headers of each request. */
  readonly sent: { readonly route: string; readonly headers: Headers }[]
  readonly slept: number[]
}

/** The last step of the script answers every later request too. */
export function scripted(steps: readonly Fetch[], options: Partial<ClientOptions> = {}): Scripted {
  const sent: { readonly route: string; readonly headers: Headers }[] = []
  const slept: number[] = []
  let time = 0
  const client = createClient({
    url: 'https://annul.example',
    key: 'a-key-of-a-merchant',
    now: () => time,
    sleep: async (ms) => {
      slept.push(ms)
      time += ms
    },
    newKey: () => 'a-new-key',
    fetch: (url, init) => {
      const step = steps[Math.min(sent.length, steps.length - 1)]
      sent.push({ route: `${init.method} ${url.pathname}`, headers: new Headers(init.headers) })
      if (step === undefined) throw new Error('the script is empty')
      return step(url, init)
    },
    ...options,
  })
  return { client, sent, slept }
}

/** An answer as the service sends it. */
export const json =
  (status: number, body: unknown, type = 'application/json'): Fetch =>
  async () =>
    new Response(JSON.stringify(body), { status, headers: { 'content-type': type } })

export const problem = (status: number, reason: string, doNext: string): Fetch =>
  json(status, { reason, doNext, title: reason }, 'application/problem+json')

/** A page of a gateway or of a captive portal. */
export const page =
  (status: number, type = 'text/html', text = '<h1>Welcome</h1>'): Fetch =>
  async () =>
    new Response(text, { status, headers: { 'content-type': type } })

export const broken: Fetch = async () => {
  throw new TypeError('fetch failed')
}

/** No answer, as `fetch` waits for one: until its signal is aborted. */
export const hung: Fetch = (_, { signal }) =>
  new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason))
  })

export const VOID_ID = '0123456789abcdef0123456789abcdef'
export const PENDING = json(202, {
  id: VOID_ID,
  state: 'pending',
  certainty: 'UNKNOWN',
  doNext: 'query',
  retryAfter: 2,
})
export const APPROVED = json(200, { id: VOID_ID, state: 'approved', certainty: 'FINAL', doNext: 'nothing' })

export const SALE = { saleId: '22ac9c2341b27a8f7a7f7f25a6887637', amount: 1234 } as const
