/**
 * @module `annul demo` (`npm run demo`): a simulated acquirer's host, a development server before it, and a virtual terminal
 * that lives its day against them. Both stay up afterwards, unless `--exit` is given. Exit code 1 when a step did not go as it
 * should.
 */

import { randomInt } from 'node:crypto'
import { liveDay } from './demo-day.ts'
import { createStage } from './demo-stage.ts'
import { DEV_TEXTS, devOptionsOf, startDev } from './dev.ts'
import { withFailure } from './failure.ts'
import { startHost } from './host.ts'
import type { CommandIo } from './io.ts'
import { flagsOf } from './ndjson.ts'
import { assertFree, freePort } from './port.ts'
import { untilEnded, whatToTry } from './start.ts'
import { paint } from './style.ts'

const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** A terminal of its own for each run, so that runs do not disturb each other. */
const freshTerminalId = (): string =>
  `D${Array.from({ length: 7 }, () => LETTERS[randomInt(LETTERS.length)]).join('')}`

export async function run(args: string[], io: CommandIo): Promise<number> {
  return withFailure('demo', io, async () => {
    const { values } = flagsOf(args, DEV_TEXTS, ['exit', 'verbose'])
    const options = devOptionsOf(values)
    const { database } = options
    const progress = (line: string) => io.stdout(paint('dim', line))
    // The conversation shows what was decided; of the log only complaints are worth a line in between.
    const log = (line: string) => {
      if (line.includes('[ERROR]')) io.stdout(line)
    }
    const stage = createStage(io.stdout, values.verbose === true)
    await assertFree(options.port, options.ip)
    progress("starting an acquirer's host to forward to")
    const acquirer = await startHost(await freePort(), log)
    try {
      const server = await startDev({ ...options, vars: acquirer.settings, progress, log })
      try {
        const terminalId = freshTerminalId()
        await server.provision(terminalId)
        const failed = await liveDay({ server, acquirer, database, terminalId, stage })
        if (!values.exit) {
          io.stdout(whatToTry(server, database.persistTo).join('\n'))
          io.stdout(`The simulated acquirer's host listens on ${acquirer.url.origin}; its books: /ledger`)
          await untilEnded(server)
        }
        return failed === 0 ? 0 : 1
      } finally {
        await server.stop()
      }
    } finally {
      await acquirer.stop()
    }
  })
}
