/** @module The sender of a request, as a door knows it, and the actor of the entry that follows from it. */

import type { Actor } from './actor.ts'
import { merchantGuard, type Need } from './guard.ts'

/** The actor without the version of the settings, which only the load knows. */
export type RequestActor = Omit<Actor, 'policy'>

/** The acquirer's answers and the passing of time have no sender. */
export const NO_SENDER: RequestActor = { channel: 'cron', operator: null, keyId: null, address: null }

/** The actor of an entry about a merchant. `needs`: the guards that its decision was loaded with. */
export const actorOf = (sender: RequestActor, needs: readonly Need[], merchantId: string): Actor => ({
  ...sender,
  policy: needs.find(([key]) => key === merchantGuard(merchantId))?.[1] ?? null,
})
