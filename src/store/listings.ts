/** @module Forwarded messages as the host's list names them: what we hold under its numbers, and all that we hold, page by page. */

import { and, eq, isNull, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Held } from '../domain/compare-listing.ts'
import { heldOfFed } from '../domain/decide-claim.ts'
import { HOST_KEY, posMessageKey } from '../domain/message-key.ts'
import type { HostMessage } from '../domain/types.ts'
import type { Db } from './db.ts'
import type { Credential } from './load.ts'
import { field, forwardedFrom, messageFrom, rowOrNull, saleOf } from './rows.ts'
import { apiKey, hostMessage, sale, terminal } from './schema.ts'
import { overItems } from './statements.ts'

/** How the host names a message, and the sale that a void is of. */
export interface ListedPlace {
  readonly kind: 'sale' | 'void'
  readonly merchantId: string
  readonly terminalId: string
  readonly batchNumber: string
  readonly hostStan: string
  readonly original: { readonly batchNumber: string; readonly hostStan: string } | null
}

/** What is found under such a name; null where the merchant has no such terminal. */
export interface FoundPlace {
  readonly held: Held | null
  /** Message key of the sale that it is, or that the void names. */
  readonly saleKey: string | null
}

export interface FoundPlaces {
  readonly credential: Credential | null
  readonly places: readonly (FoundPlace | null)[]
}

const ofVoid = alias(hostMessage, 'of_void')
const fed = alias(sale, 'fed')

/** A sale that was fed is known to the host by its own trace number; one of ours is not, whatever its terminal's was. */
const isFed = (key: string): SQL =>
  sql`fed.message_key = ${field(key)} and not exists (select 1 from host_message as own
    where own.message_key = fed.message_key and own.host_stan <> fed.stan)`

const placesOf = overItems((db, items) =>
  db
    .select({
      i: sql<number>`item.key`.as('i'),
      openBatch: sql<string>`terminal.batch_number`.as('open_batch'),
      held: rowOrNull(hostMessage, hostMessage.messageKey, 'held_row'),
      saleKey: sql<
        string | null
      >`coalesce((select message_key from sale as fed where ${isFed('originalKey')}),
        of_void.message_key)`.as('sale_key'),
      fed: rowOrNull(fed, fed.messageKey, 'fed_row'),
      isReversed: sql<number>`exists (select 1 from reversal where target_key = fed.message_key)`.as(
        'is_reversed',
      ),
    })
    .from(items)
    .innerJoin(
      terminal,
      sql`terminal.terminal_id = ${field('terminalId')} and terminal.merchant_id = ${field('merchantId')}`,
    )
    .leftJoin(
      hostMessage,
      sql`host_message.terminal_id = ${field('terminalId')} and host_message.batch_number = ${field('batchNumber')}
        and host_message.host_stan = ${field('hostStan')}`,
    )
    .leftJoin(
      ofVoid,
      sql`of_void.terminal_id = ${field('terminalId')} and of_void.batch_number = ${field('originalBatch')}
        and of_void.host_stan = ${field('originalStan')} and of_void.kind = 'sale'`,
    )
    .leftJoin(fed, isFed('ownKey')),
)

const credentialsOf = (db: Db, credential: string) =>
  db
    .select()
    .from(apiKey)
    .where(and(eq(apiKey.hash, credential), isNull(apiKey.revokedAt)))

export async function findPlaces(
  db: Db,
  credential: string,
  places: readonly ListedPlace[],
): Promise<FoundPlaces> {
  const rows = places.map(({ original, ...place }) => ({
    ...place,
    originalBatch: original?.batchNumber,
    originalStan: original?.hostStan,
    originalKey: original === null ? undefined : saleKeyAt({ ...place, ...original }),
    ownKey: place.kind === 'sale' ? saleKeyAt(place) : undefined,
  }))
  const [credentials, found] = await db.batch([credentialsOf(db, credential), placesOf(db, rows)])
  const byItem = new Map(found.map((row) => [row.i, row]))
  return {
    credential: credentials[0] ?? null,
    places: places.map((_, i): FoundPlace | null => {
      const row = byItem.get(i)
      if (row === undefined) return null
      const { held, openBatch, saleKey, fed, isReversed } = row
      const ofFed = fed === null ? null : heldOfFed(saleOf(fed), isReversed === 1)
      const forwarded = forwardedFrom(held)
      // What the list told before the feed is the fed sale.
      const isForwarded = forwarded !== null && !forwarded.messageKey.startsWith(HOST_KEY)
      const message = isForwarded ? forwarded : (ofFed ?? forwarded)
      return {
        held: message === null ? null : { message, isBatchOpen: message.batchNumber === openBatch },
        saleKey: saleKey ?? ofFed?.messageKey ?? null,
      }
    }),
  }
}

const saleKeyAt = ({ hostStan, ...place }: Omit<ListedPlace, 'kind' | 'original'>): string =>
  posMessageKey({ ...place, stan: hostStan }, 'sale')

export interface ForwardedPage {
  readonly credential: Credential | null
  readonly messages: readonly HostMessage[]
  /** Place of the last in the table; null where none follows. */
  readonly next: number | null
}

/** In the order in which they were written. */
export async function readForwarded(
  db: Db,
  credential: string,
  after: number,
  limit: number,
): Promise<ForwardedPage> {
  const [credentials, rows] = await db.batch([
    credentialsOf(db, credential),
    db
      .select({
        place: sql<number>`rowid`.as('place'),
        message: rowOrNull(hostMessage, hostMessage.messageKey, 'row'),
      })
      .from(hostMessage)
      .where(sql`rowid > ${after}`)
      .orderBy(sql`rowid`)
      .limit(limit),
  ])
  return {
    credential: credentials[0] ?? null,
    messages: rows.flatMap(({ message }) => (message === null ? [] : [messageFrom(message)])),
    next: rows.length < limit ? null : (rows.at(-1)?.place ?? null),
  }
}
