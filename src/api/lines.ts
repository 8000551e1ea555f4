/** @module The lines of a list in the pipeline, each in the database of its merchant. */

import type { Context } from 'hono'
import type { Services } from '../pipeline/services.ts'
import type { ListKind } from '../pipeline/types.ts'
import { type ApiMessage, apiMessageOf, callerOf, type Submitted, submitted } from './handler.ts'

/** A line of a list, with the services in the database of its merchant. */
export interface PlacedLine extends ApiMessage {
  readonly services: Services
}

/**
 * Submits the lines, those of one database in sets (pipeline/list.ts). Outcomes are in the order of the lines.
 */
export async function submitLines(
  c: Context,
  lines: readonly PlacedLine[],
  kind: ListKind,
): Promise<Submitted[]> {
  const outcomes = new Map<PlacedLine, Submitted>()
  const parts = [...Map.groupBy(lines, ({ services }) => services.db).values()]
  await Promise.all(
    parts.map(async (part) => {
      const [first] = part
      if (first === undefined) return
      const { services } = first
      const caller = callerOf(services, c)
      const messages = part.map(({ load, verify }) => apiMessageOf(services, load, verify))
      const settled = services.pipeline.submitList(messages, caller, kind)
      // The list continues when the client hangs up.
      caller.waitUntil(settled.catch(() => undefined))
      for (const [i, one] of (await settled).entries()) {
        const line = part[i]
        if (line !== undefined) outcomes.set(line, submitted(c, one))
      }
    }),
  )
  return lines.map((line) => outcomes.get(line) ?? LOST)
}

/** The outcome of a line that the pipeline did not return. */
export const LOST: Submitted = { outcome: { kind: 'unknown' }, denial: null }
