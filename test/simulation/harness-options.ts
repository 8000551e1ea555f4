/** @module The options of a simulation's harness. */

import type { Declines, EchoField } from '../../src/acquirer/profile.ts'
import type { ActorContext } from './context.ts'
import type { DeclineWatchOptions } from './decline-watch.ts'
import type { AcquirerLinkOptions } from './platform/acquirer-link.ts'
import type { Isolate, IsolateOptions } from './platform/isolate.ts'
import type { CopyPlan } from './platform/network.ts'

export interface HarnessOptions {
  readonly seed: number
  readonly module: WebAssembly.Module
  /** Milliseconds since the epoch. */
  readonly start: number
  readonly acquirer: 'sandbox' | 'book' | 'https'
  /** How the acquirer is queried, if there is one. */
  readonly recovery: 'inquiry' | 'repeat'
  /** Whether the service believes a decline of a sale without a MAC. Then it reaches the acquirer by a URL. */
  readonly declines?: Declines
  /** The fields that the acquirer leaves out of its answers, as its profile says. None without it. */
  readonly absentEchoes?: readonly EchoField[]
  /** Draws whether a decline without a MAC takes the place of an approval. None without it. */
  readonly forges?: DeclineWatchOptions['forges']
  /** The setting of every merchant at first. `allow` without it. */
  readonly lateReversals?: 'allow' | 'refuse'
  readonly zoneKey?: AcquirerLinkOptions['zoneKey']
  /** `ACQUIRER_DEADLINE`, in seconds. */
  readonly deadline?: string
  readonly isolates: number
  readonly planTrip: IsolateOptions['planTrip']
  readonly planAcquirer: IsolateOptions['planAcquirer']
  readonly planCopies: (isolates: readonly Isolate[]) => readonly CopyPlan[]
  /** The queries that D1 takes from one invocation, and whether the setting says so. The paid plan by default. */
  readonly queries?: { readonly limit: number; readonly isSet: boolean }
  /** Called when D1 refuses a trip because of that limit. */
  readonly onRefusal?: () => void
  /** Called for every answer that is about to leave. */
  readonly onAnswer?: (isolate: Isolate) => void
  /** Whether the power of the requesting terminal is about to fail. */
  readonly losesPower: () => boolean
  /** Called by a terminal after two missing answers in a row. */
  readonly pauseFaults?: ActorContext['pauseFaults']
  readonly trace?: ((line: string) => void) | undefined
  /** Whether administrators change settings and keys, or quotas are spent, while messages run. */
  readonly isChanging?: boolean
}
