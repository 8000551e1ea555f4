/** @module The virtual terminal's state in a file of its own, readable by its owner only, replaced in one step. */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { MacProfile } from '../../domain/types.ts'
import { newTerminalState, type TerminalState } from '../../terminal/state.ts'
import { Failure } from './failure.ts'

/** The state in the file; a new one where there is no file. A change of MAC profile needs a new sign-on. */
export function readState(
  path: string,
  merchantId: string,
  terminalId: string,
  macProfile: MacProfile | undefined,
): TerminalState {
  const state = parse(path)
  if (state === undefined) return newTerminalState(merchantId, terminalId, macProfile ?? 'cup-ecb')
  if (state.merchantId !== merchantId || state.terminalId !== terminalId)
    throw new Failure(`${path}: is the state of another terminal`)
  if (macProfile === undefined || macProfile === state.macProfile) return state
  return { ...state, macProfile, keys: null }
}

function parse(path: string): TerminalState | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Failure(`${path}: cannot be read`)
  }
  try {
    const state = JSON.parse(text) as TerminalState
    if (Array.isArray(state.log) && Number.isInteger(state.nextStan)) return state
  } catch {
    // Said below.
  }
  throw new Failure(`${path}: is not the state of a terminal`)
}

/** Synchronous: the state must be in the file before the next byte leaves. */
export function writeState(path: string, state: TerminalState): void {
  mkdirSync(dirname(path), { recursive: true })
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
  renameSync(draft, path)
}
