/**
 * @module `annul demo` (`npm run demo`): a simulated acquirer, a development server that forwards to it, and a virtual terminal
 * that runs a day. Both servers stay up afterwards, unless `--exit` is given.
 */

import { startAcquirer } from '../dev/acquirer.ts'
import { freshTerminalId } from '../dev/fresh-terminal.ts'
import { assertFree, freePort } from '../dev/port.ts'
import { devOptionsOf, startDev } from '../dev/server.ts'
import { untilEnded, whatToTry } from '../dev/start.ts'
import type { Run } from '../lib/declare.ts'
import { paint } from '../lib/style.ts'
import type { DEMO } from '../table/development.ts'
import { liveDay } from './day.ts'
import { createScreen } from './screen.ts'

export const run: Run<typeof DEMO> = async (parsed, io) => {
  const options = devOptionsOf(parsed)
  const { database } = options
  const progress = (line: string) => io.stdout(paint('dim', line))
  // The steps show each decision. Only errors of the log are printed between them.
  const log = (line: string) => {
    if (line.includes('[ERROR]')) io.stdout(line)
  }
  const screen = createScreen(io.stdout, parsed.verbose)
  await assertFree(options.port, options.ip)
  progress('starting a simulated acquirer')
  const acquirer = await startAcquirer(await freePort(), log)
  try {
    const server = await startDev({ ...options, vars: acquirer.settings, progress, log })
    try {
      const terminalId = freshTerminalId()
      await server.provision(terminalId)
      const failed = await liveDay({ server, acquirer, database, terminalId, screen })
      if (!parsed.exit) {
        io.stdout(whatToTry(server, database.persistTo).join('\n'))
        io.stdout(`The simulated acquirer listens on ${acquirer.url.origin}. GET /ledger shows its records.`)
        await untilEnded(server)
      }
      return failed === 0 ? 0 : 1
    } finally {
      await server.stop()
    }
  } finally {
    await acquirer.stop()
  }
}
