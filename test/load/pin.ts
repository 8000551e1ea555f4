/** @module Gives the driver the first core, and the service all others, so that neither waits for the other. Linux only. */

import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { OptionError } from './options.ts'

export function pin(pids: readonly number[]): void {
  const cores = availableParallelism()
  if (process.platform !== 'linux' || cores < 2) throw new OptionError('--pin: needs Linux and two cores')
  const set = (list: string, pid: number) => execFileSync('taskset', ['-a', '-c', '-p', list, String(pid)])
  try {
    for (const pid of pids) set(cores === 2 ? '1' : `1-${cores - 1}`, pid)
    set('0', process.pid)
  } catch {
    throw new OptionError('--pin: needs the command taskset')
  }
}
