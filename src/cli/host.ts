/** @module `annul host` (`npm run host`): the simulated acquirer's host by itself, until it is told to stop. */

import { build } from './build.ts'
import { withFailure } from './failure.ts'
import type { CommandIo } from './io.ts'
import { flagsOf } from './ndjson.ts'
import { numberOf } from './options.ts'
import { assertFree } from './port.ts'
import { untilEnded } from './start.ts'
import { serve } from './wrangler-dev.ts'

/** The test key in wrangler.host.toml. */
export const HOST_MAC_KEY = '0123456789ABCDEF'

const CONFIGURATION = 'wrangler.host.toml'
const IP = '127.0.0.1'

export async function startHost(port: number, log: (line: string) => void) {
  await assertFree(port, IP)
  await build()
  const server = serve({ port, ip: IP, config: CONFIGURATION, database: { remote: false }, log })
  const url = new URL(`http://${IP}:${port}`)
  await server.answers(url)
  return { ...server, url }
}

export async function run(args: string[], io: CommandIo): Promise<number> {
  return withFailure('host', io, async () => {
    const { values } = flagsOf(args, ['port'], [])
    const host = await startHost(numberOf(values, 'port', 1, 65_535) ?? 8790, io.stdout)
    io.stdout(whatToTry(host.url.origin).join('\n'))
    return untilEnded(host)
  })
}

const whatToTry = (origin: string): string[] => [
  '',
  `A simulated acquirer's host listens on ${origin}; its books are in memory and end with it`,
  `  ACQUIRER=https ACQUIRER_URL=${origin}/ ACQUIRER_MAC_KEY=${HOST_MAC_KEY} leads the service to it`,
  '',
  'Try, in another shell:',
  `  curl ${origin}/ledger`,
  `  curl ${origin}/faults -d '{"rates":{"drop_answer":0.05,"late_request":0.05},"seed":7}'`,
  `  curl ${origin}/faults -d '{"script":[{"on":"void","fault":"drop_answer"}]}'`,
  `  curl -X POST ${origin}/cut-off`,
  `  curl -X POST ${origin}/reset`,
  '',
  'Ctrl-C ends it.',
]
