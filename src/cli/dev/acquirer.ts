/** @module `annul acquirer` (`npm run acquirer`): the simulated acquirer alone, until a signal ends it. */

import { build } from '../build.ts'
import type { Run } from '../lib/declare.ts'
import type { ACQUIRER } from '../table/development.ts'
import { assertFree } from './port.ts'
import { untilEnded } from './start.ts'
import { type Serving, serve } from './wrangler-dev.ts'

/** The test key in wrangler.acquirer.toml. */
const ACQUIRER_MAC_KEY = '0123456789ABCDEF'

const CONFIGURATION = 'wrangler.acquirer.toml'
const IP = '127.0.0.1'

export interface SimulatedAcquirer extends Pick<Serving, 'stop' | 'ended'> {
  readonly url: URL
  /** The settings of the service that make it use this acquirer. */
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

export const run: Run<typeof ACQUIRER> = async ({ port }, io) => {
  const acquirer = await startAcquirer(port, io.stdout)
  io.stdout(whatToTry(acquirer).join('\n'))
  return untilEnded(acquirer)
}

const whatToTry = ({ url: { origin }, settings }: SimulatedAcquirer): string[] => [
  '',
  `A simulated acquirer listens on ${origin}. Its records are in memory and end with it.`,
  `  settings of a service that uses it: ${Object.entries(settings)
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
