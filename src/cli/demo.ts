/**
 * @module `annul demo` (`npm run demo`): a simulated acquirer, a development server before it, and a virtual terminal
 * that lives its day against them. Both stay up afterwards, unless `--exit` is given. Exit code 1 when a step did not go as it
 * should.
 */

import { randomInt } from 'node:crypto'
import { startAcquirer } from './acquirer.ts'
import { liveDay } from './demo/day.ts'
import { createScreen } from './demo/screen.ts'
import { assertFree, freePort } from './dev/port.ts'
import { DEV_TEXTS, devOptionsOf, startDev } from './dev/server.ts'
import { withFailure } from './lib/failure.ts'
import type { CommandIo } from './lib/io.ts'
import { flagsOf } from './lib/ndjson.ts'
import { paint } from './lib/style.ts'
import { untilEnded, whatToTry } from './start.ts'

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
    const screen = createScreen(io.stdout, values.verbose === true)
    await assertFree(options.port, options.ip)
    progress('starting an acquirer to forward to')
    const acquirer = await startAcquirer(await freePort(), log)
    try {
      const server = await startDev({ ...options, vars: acquirer.settings, progress, log })
      try {
        const terminalId = freshTerminalId()
        await server.provision(terminalId)
        const failed = await liveDay({ server, acquirer, database, terminalId, screen })
        if (!values.exit) {
          io.stdout(whatToTry(server, database.persistTo).join('\n'))
          io.stdout(`The simulated acquirer listens on ${acquirer.url.origin}; its books: /ledger`)
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
