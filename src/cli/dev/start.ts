/** @module `annul start` (`npm start`): a development server with one terminal, until a signal ends it. */

import type { Run } from '../lib/declare.ts'
import { Failure } from '../lib/failure.ts'
import type { START } from '../table/development.ts'
import { type DevServer, devOptionsOf, SEED, startDev } from './server.ts'

export const run: Run<typeof START> = async (parsed, io) => {
  const log = parsed.quiet ? () => undefined : io.stdout
  const server = await startDev({ ...devOptionsOf(parsed), progress: io.stdout, log })
  const { merchantId, terminalId } = SEED
  const { terminalKey } = server.credentials
  io.stdout(`merchant ${merchantId}, terminal ${terminalId}, master key ${terminalKey}`)
  io.stdout(whatToTry(server, parsed.persistTo).join('\n'))
  return untilEnded(server)
}

/** Exit code 0 if the server was stopped. */
export async function untilEnded(server: Pick<DevServer, 'ended'>): Promise<number> {
  if (await server.ended) return 0
  throw new Failure('the server ended by itself')
}

const DEFAULT_ORIGIN = 'http://127.0.0.1:8787'

/** Addresses, and commands to try in another shell. None of them has a key. */
export function whatToTry({ url, credentialsPath }: DevServer, persistTo?: string): string[] {
  const { merchantId, terminalId } = SEED
  const { origin } = url
  const atUrl = origin === DEFAULT_ORIGIN ? '' : ` --url ${origin}`
  const inFolder = persistTo === undefined ? '' : ` --persist-to ${persistTo}`
  const frames = origin === DEFAULT_ORIGIN ? '' : `--url ${origin}/unp/webtrans/WPOS `
  const terminal = `${frames}--mid ${merchantId} --tid ${terminalId}`
  return [
    '',
    `Annul listens on ${origin}`,
    `  terminals  POST ${origin}/unp/webtrans/WPOS   (also /mjc/webtrans/VPB_lb and /v1/iso8583)`,
    `  JSON API   ${origin}/v1/…   `,
    `  keys       ${credentialsPath}   two bearer keys, and the master key of terminal ${terminalId}`,
    '',
    'Void a sale by the JSON API, in another shell. The first command makes the sale:',
    `  eval "$(npm run -s annul -- env${atUrl}${inFolder})"`,
    ...VOID_BY_CURL.map((line) => `  ${line}`),
    '',
    'Void a sale from a terminal:',
    `  export ANNUL_TMK=$(node -p 'JSON.parse(fs.readFileSync("${credentialsPath}")).terminalKey')`,
    `  terminal() { npm run -s annul -- terminal "$@" ${terminal}; }`,
    '  terminal sign-on',
    '  terminal sale --amount 1234',
    '  terminal void',
    '',
    'Check the journal:',
    `  npm run -s annul -- journal verify${inFolder}`,
    '',
    'Ctrl-C ends it.',
  ]
}

/** A void by `curl`, with the variables that `annul env` exports. */
const VOID_BY_CURL: readonly string[] = [
  'curl -X POST "$ANNUL_URL/v1/voids" -H "Authorization: Bearer $ANNUL_API_KEY" \\',
  '  -H "Idempotency-Key: void-$ANNUL_SALE_ID" -H "Content-Type: application/json" \\',
  '  -d "{\\"saleId\\":\\"$ANNUL_SALE_ID\\",\\"amount\\":$ANNUL_AMOUNT,\\"reason\\":\\"customer_changed_mind\\"}"',
]
