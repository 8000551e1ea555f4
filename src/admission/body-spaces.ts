/**
 * @module The spaces for bodies: of terminals, of bearer keys that this isolate knows, and of those that it does not know
 * yet. No space takes from another, so no JSON keeps a terminal out, and no made-up key a caller that has proved itself.
 *
 * A key that the isolate does not know is not refused: the isolate may be new. It has the small space until its first
 * message is verified.
 */

import { createAlarm } from './alarm.ts'
import { type BodyLease, createBodySpace, type Pool } from './body-space.ts'
import type { Priority } from './concurrency-limit.ts'
import { networksOf, type Width } from './networks.ts'
import { ALERT_WINDOW_MS } from './sources.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** The bytes of each space. Together they are a sixteenth of an isolate's memory. */
export const SPACES = { terminal: 4 * MIB, known: 3 * MIB, unknown: MIB } as const

export type SpaceName = keyof typeof SPACES

/** The most bytes of the bodies of one address, and of all addresses of a network around it. */
export const ADDRESS_SPACE: Readonly<Record<'terminal' | 'unknown', Readonly<Record<Width, number>>>> = {
  terminal: { address: MIB, site: 1.5 * MIB, network: 2 * MIB },
  unknown: { address: 512 * KIB, site: 640 * KIB, network: 768 * KIB },
}

/** The most bytes of the bodies of one bearer key that is known. */
export const KEY_SPACE = 1.5 * MIB

/** The share of a JSON space that other requests than voids and reversals may fill. */
export const OTHER_SHARE = 2 / 3

/** The most spaces and networks with an alert of their own. */
const ALERTS_KEPT = 4096

/** The sender of a body. `credential`: SHA-256 of the bearer key. */
export type BodySender = { readonly priority: Priority } & (
  | { readonly space: 'terminal' | 'unknown'; readonly source: string }
  | { readonly space: 'known'; readonly credential: string }
)

export interface BodySpaces {
  /** A body that is about to be read. Undefined: there is no space. */
  enter(sender: BodySender): BodyLease | undefined
}

/** The owner of a pool, as an alert has it. */
type Owner = { readonly source: string } | { readonly space: SpaceName }

/** Calls `alert` when a space, or the share of a network or key in it, is full: once a minute for each. */
export function createBodySpaces(now: () => number, alert: (owner: Owner) => void): BodySpaces {
  const alarm = createAlarm({ threshold: 1, windowMs: ALERT_WINDOW_MS, capacity: ALERTS_KEPT }, now)
  const ring = (owner: Owner) => alarm.count(JSON.stringify(owner), () => alert(owner))
  const spaceOf = (space: SpaceName) =>
    createBodySpace(now, ({ name }: Pool) =>
      ring(name.startsWith(ADDRESS) ? { source: name.slice(ADDRESS.length) } : { space }),
    )
  const spaces = { terminal: spaceOf('terminal'), known: spaceOf('known'), unknown: spaceOf('unknown') }
  return { enter: (sender) => spaces[sender.space].enter(poolsOf(sender)) }
}

const ADDRESS = 'address '

/** The pools of a body, the narrowest first. */
function poolsOf(sender: BodySender): readonly Pool[] {
  const { space } = sender
  const whole = { name: 'all', limit: SPACES[space] }
  const others =
    space === 'terminal' || sender.priority === 'undo'
      ? []
      : [{ name: 'others', limit: SPACES[space] * OTHER_SHARE }]
  const own =
    space === 'known'
      ? [{ name: `key ${sender.credential}`, limit: KEY_SPACE }]
      : networksOf(sender.source).map(({ name, width }) => ({
          name: ADDRESS + name,
          limit: ADDRESS_SPACE[space][width],
        }))
  return [...own, ...others, whole]
}
