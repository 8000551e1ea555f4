/**
 * @module Pages of the lists that an administrator reads over all databases of a region. A list goes through one database after the
 * other. A merchant's list is in one database.
 */

import { err, ok, type Result } from '../domain/result.ts'
import type { RegionDatabase } from '../store/databases.ts'
import type { Db } from '../store/db.ts'
import type { Credential } from '../store/load.ts'
import { permit } from './handler.ts'
import { invalid, type Problem } from './json/problem.ts'
import { isPlaced, type Placing } from './routing.ts'

/** A page of a list in one database. */
export interface Part<T> {
  readonly credential: Credential | null
  readonly items: readonly T[]
  /** The position after the page. Null if nothing follows in this database. */
  readonly next: string | null
}

export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

interface PageQuery {
  /** `N.` for database N, and then the position in it. Database 0 and a list of one database have no number. */
  readonly cursor: string
  /** The position before the first item of a database. */
  readonly start: string
  readonly limit: number
}

/** The page of a list that was read with one item more than `most`. `positionOf` gives the position of its last item. */
export function pageIn<T>(
  found: readonly T[],
  most: number,
  positionOf: (item: T) => string,
): Pick<Part<T>, 'items' | 'next'> {
  const items = found.slice(0, most)
  const last = found.length > most ? items.at(-1) : undefined
  return { items, next: last === undefined ? null : positionOf(last) }
}

const numberOf = ({ name }: RegionDatabase): number => Number(name.slice('DB_'.length))

/** Reads up to `limit` items. The first refusal of the caller, or a cursor of an unknown database, is the answer. */
export async function pageOver<T>(
  call: Placing,
  { cursor, start, limit }: PageQuery,
  read: (db: Db, after: string, limit: number) => Promise<Part<T>>,
): Promise<Result<Page<T>, Problem>> {
  const { services } = call
  const [, number = '0', first = start] = /^(?:(\d+)\.)?(.*)$/.exec(cursor) ?? []
  const isOne = isPlaced(call)
  const own = services.databases.all.filter(({ db }) => db === services.db)
  const all = services.databases.all.toSorted((a, b) => numberOf(a) - numberOf(b))
  const from = all.findIndex((one) => numberOf(one) === Number(number))
  const isKnown = isOne ? number === '0' : from >= 0
  // The caller is checked before the fault of its cursor is shown.
  const places = isOne || !isKnown ? own : all.slice(from)
  const cursorIn = (place: RegionDatabase, position: string): string =>
    isOne || numberOf(place) === 0 ? position : `${numberOf(place)}.${position}`
  const items: T[] = []
  let after = first
  for (const place of places) {
    if (items.length === limit) return ok({ items, next: cursorIn(place, start) })
    const part = await read(place.db, after, limit - items.length)
    const caller = permit(call, part.credential)
    if (!caller.ok) return caller
    if (!isKnown)
      return err(invalid({ in: 'query', pointer: '/cursor', why: 'is of no database of this list' }))
    items.push(...part.items)
    if (part.next !== null) return ok({ items, next: cursorIn(place, part.next) })
    if (caller.value.merchantId !== null) break
    after = start
  }
  return ok({ items, next: null })
}
