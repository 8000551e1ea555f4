/** @module `annul completion SHELL`: the script with which a shell completes `annul`. */

import { completable } from './lib/completable.ts'
import { completionScript } from './lib/completion-scripts.ts'
import type { Run } from './lib/declare.ts'
import type { COMPLETION } from './table/development.ts'
import { COMMANDS, GROUPS } from './table/index.ts'

export const run: Run<typeof COMPLETION> = async ({ argument: shell }, io) => {
  const commands = Object.entries(COMMANDS).map(([name, declaration]) => completable(name, declaration))
  io.stdout(completionScript[shell](commands, GROUPS).join('\n'))
  return 0
}
