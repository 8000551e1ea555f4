/** @module The file with the state of a virtual terminal. Only its owner can read it, and each write replaces it in one step. */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { MacProfile } from '../../domain/terminal-profile.ts'
import { newTerminalState, type TerminalState } from '../../terminal/state.ts'
import { Failure } from './failure.ts'

/** The state in the file, or a new state if there is no file. After a change of MAC profile the terminal must sign on again. */
export function readState(
  path: string,
  merchantId: string,
  terminalId: string,
  macProfile: MacProfile | undefined,
): TerminalState {
  const state = parse(path)
  if (state === undefined) return newTerminalState(merchantId, terminalId, macProfile ?? 'cup-ecb')
  if (state.merchantId !== merchantId || state.terminalId !== terminalId)
    throw new Failure(`${path}: this is the state of another terminal`)
  if (macProfile === undefined || macProfile === state.macProfile) return state
  return { ...state, macProfile, keys: null }
}

function parse(path: string): TerminalState | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Failure(`${path}: cannot read this file`)
  }
  try {
    const state = JSON.parse(text) as TerminalState
    if (Array.isArray(state.log) && Number.isInteger(state.nextStan)) return state
  } catch {
    // The error below covers it.
  }
  throw new Failure(`${path}: this is not the state of a terminal`)
}

/** Synchronous: the state must be in the file before the terminal sends the next byte. */
export function writeState(path: string, state: TerminalState): void {
  mkdirSync(dirname(path), { recursive: true })
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
  renameSync(draft, path)
}
