/**
 * @module The runtime's globals, replaced for code inside a simulation only: clock, timers, randomness,
 * WebCrypto.
 */

import { type Event, running } from './scheduler.ts'
import { subtle } from './subtle.ts'

const real = {
  now: Date.now,
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  clearTimeout: globalThis.clearTimeout,
  clearInterval: globalThis.clearInterval,
  getRandomValues: crypto.getRandomValues.bind(crypto),
  abortAfter: AbortSignal.timeout,
}

/** A repeating one holds its next event. */
class Timer {
  event: Event | undefined
}

function startTimer(callback: () => void, ms: number, repeats: boolean): Timer | undefined {
  const store = running.getStore()
  if (store === undefined) return undefined
  const { scheduler, owner } = store
  const timer = new Timer()
  const enter = () => {
    timer.event = scheduler.after(ms, owner, repeats ? 'interval' : 'timer', () => {
      if (repeats) enter()
      callback()
    })
  }
  enter()
  return timer
}

function stopTimer(timer: unknown): boolean {
  if (!(timer instanceof Timer)) return false
  if (timer.event !== undefined) timer.event.cancelled = true
  return true
}

let installed = false

/** Replaces them, once. */
export function installGlobals(): void {
  if (installed) return
  installed = true
  const now = (): number => {
    const store = running.getStore()
    return store === undefined ? real.now() : store.scheduler.now + store.owner.skew()
  }
  Object.assign(Date, { now })
  Object.assign(globalThis, {
    setTimeout: (callback: () => void, ms = 0) =>
      startTimer(callback, ms, false) ?? real.setTimeout(callback, ms),
    setInterval: (callback: () => void, ms = 0) =>
      startTimer(callback, ms, true) ?? real.setInterval(callback, ms),
    clearTimeout: (timer: unknown) => {
      if (!stopTimer(timer)) real.clearTimeout(timer as number)
    },
    clearInterval: (timer: unknown) => {
      if (!stopTimer(timer)) real.clearInterval(timer as number)
    },
  })
  Object.assign(AbortSignal, {
    timeout: (ms: number): AbortSignal => {
      if (running.getStore() === undefined) return real.abortAfter(ms)
      const controller = new AbortController()
      startTimer(() => controller.abort(new DOMException('timed out', 'TimeoutError')), ms, false)
      return controller.signal
    },
  })
  Object.defineProperty(crypto, 'getRandomValues', {
    value: (view: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
      const store = running.getStore()
      return store === undefined ? real.getRandomValues(view) : store.scheduler.entropy.fill(view)
    },
  })
  Object.defineProperty(crypto, 'subtle', { value: subtle })
}
