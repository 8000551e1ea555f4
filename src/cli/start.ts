/** @module `annul start` (`npm start`): a development server with one terminal, until it is told to stop. */

import { DEV_TEXTS, type DevServer, devOptionsOf, SEED, startDev } from './dev/server.ts'
import { Failure, withFailure } from './lib/failure.ts'
import type { CommandIo } from './lib/io.ts'
import { flagsOf } from './lib/ndjson.ts'

export async function run(args: string[], io: CommandIo): Promise<number> {
  return withFailure('start', io, async () => {
    const { values } = flagsOf(args, DEV_TEXTS, ['quiet'])
    const log = values.quiet ? () => undefined : io.stdout
    const options = devOptionsOf(values)
    const server = await startDev({ ...options, progress: io.stdout, log })
    io.stdout(whatToTry(server, options.database.persistTo).join('\n'))
    return untilEnded(server)
  })
}

/** Exit code 0 when the server ended because it was told to. */
export async function untilEnded(server: Pick<DevServer, 'ended'>): Promise<number> {
  if (await server.ended) return 0
  throw new Failure('the server ended by itself')
}

export function whatToTry({ url, credentialsPath }: DevServer, persistTo?: string): string[] {
  const { merchantId, terminalId, tmk } = SEED
  const origin = url.origin
  const terminal = `--url ${origin}/unp/webtrans/WPOS --mid ${merchantId} --tid ${terminalId} --tmk ${tmk}`
  return [
    '',
    `Annul listens on ${origin}`,
    `  terminals  POST ${origin}/unp/webtrans/WPOS   (also /mjc/webtrans/VPB_lb and /v1/iso8583)`,
    `  JSON       ${origin}/v1/…   bearer keys in ${credentialsPath}`,
    '',
    'Try, in another shell:',
    `  T="${terminal}"`,
    '  npm run -s annul -- terminal sign-on $T',
    '  npm run -s annul -- terminal sale $T --amount 1234',
    '  npm run -s annul -- terminal void $T',
    `  KEY=$(node -p "JSON.parse(fs.readFileSync('${credentialsPath}')).merchantKey")`,
    `  curl -H "Authorization: Bearer $KEY" ${origin}/v1/voids/RRN    # the RRN (37) of the void's answer`,
    `  curl -H "Authorization: Bearer $KEY" ${origin}/v1/sales/RRN    # a sale: its id, until when it can be voided`,
    `  curl -X POST -H "Authorization: Bearer $KEY" -H "Idempotency-Key: try-1" -H "Content-Type: application/json" \\`,
    `    -d '{"saleId":"ID","amount":1234,"currency":"156","reason":"customer_changed_mind"}' ${origin}/v1/voids`,
    `  npm run -s annul -- journal verify${persistTo === undefined ? '' : ` --persist-to ${persistTo}`}`,
    '',
    'Ctrl-C ends it.',
  ]
}
