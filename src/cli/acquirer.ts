/** @module `annul acquirer` (`npm run acquirer`): the simulated acquirer by itself, until it is told to stop. */

import { build } from './build.ts'
import { assertFree } from './dev/port.ts'
import { type Serving, serve } from './dev/wrangler-dev.ts'
import { withFailure } from './lib/failure.ts'
import type { CommandIo } from './lib/io.ts'
import { flagsOf } from './lib/ndjson.ts'
import { numberOf } from './lib/options.ts'
import { untilEnded } from './start.ts'

/** The test key in wrangler.acquirer.toml. */
const ACQUIRER_MAC_KEY = '0123456789ABCDEF'

const CONFIGURATION = 'wrangler.acquirer.toml'
const IP = '127.0.0.1'

export interface SimulatedAcquirer extends Pick<Serving, 'stop' | 'ended'> {
  readonly url: URL
  /** Settings that lead the service to it. */
  readonly settings: Readonly<Record<string, string>>
}

export async function startAcquirer(port: number, log: (line: string) => void): Promise<SimulatedAcquirer> {
  await assertFree(port, IP)
  await build()
  const { answers, stop, ended } = serve({
    port,
    ip: IP,
    config: CONFIGURATION,
    database: { remote: false },
    log,
  })
  const url = new URL(`http://${IP}:${port}`)
  try {
    await answers(url)
  } catch (error) {
    await stop()
    throw error
  }
  const settings = { ACQUIRER: 'https', ACQUIRER_URL: url.href, ACQUIRER_MAC_KEY: ACQUIRER_MAC_KEY }
  return { url, settings, stop, ended }
}

export async function run(args: string[], io: CommandIo): Promise<number> {
  return withFailure('acquirer', io, async () => {
    const { values } = flagsOf(args, ['port'], [])
    const acquirer = await startAcquirer(numberOf(values, 'port', 1, 65_535) ?? 8790, io.stdout)
    io.stdout(whatToTry(acquirer).join('\n'))
    return untilEnded(acquirer)
  })
}

const whatToTry = ({ url: { origin }, settings }: SimulatedAcquirer): string[] => [
  '',
  `A simulated acquirer listens on ${origin}; its books are in memory and end with it`,
  `  settings that lead the service to it: ${Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')}`,
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
