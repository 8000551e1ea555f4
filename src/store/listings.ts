/** @module Forwarded messages as the host's list names them: what we hold under its numbers, and all that we hold, page by page. */

import { and, eq, isNull, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import type { Held } from '../domain/compare-listing.ts'
import { posMessageKey } from '../domain/message-key.ts'
import type { HostMessage } from '../domain/types.ts'
import type { Db } from './db.ts'
import type { Credential } from './load.ts'
import { field, messageFrom, rowOrNull } from './rows.ts'
import { apiKey, hostMessage, terminal } from './schema.ts'
import { overItems } from './statements.ts'

/** How the host names a message, and the sale that a void is of. */
export interface ListedPlace {
  readonly merchantId: string
  readonly terminalId: string
  readonly batchNumber: string
  readonly hostStan: string
  readonly original: { readonly batchNumber: string; readonly hostStan: string } | null
}

/** What is found under such a name; null where the merchant has no such terminal. */
export interface FoundPlace {
  readonly held: Held | null
  /** Message key of the sale that the void names. */
  readonly saleKey: string | null
}

export interface FoundPlaces {
  readonly credential: Credential | null
  readonly places: readonly (FoundPlace | null)[]
}

const ofVoid = alias(hostMessage, 'of_void')

const placesOf = overItems((db, items) =>
  db
    .select({
      i: sql<number>`item.key`.as('i'),
      openBatch: sql<string>`terminal.batch_number`.as('open_batch'),
      held: rowOrNull(hostMessage, hostMessage.messageKey, 'held_row'),
      saleKey: sql<string | null>`of_void.message_key`.as('sale_key'),
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
    ),
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
  }))
  const [credentials, found] = await db.batch([credentialsOf(db, credential), placesOf(db, rows)])
  const byItem = new Map(found.map((row) => [row.i, row]))
  return {
    credential: credentials[0] ?? null,
    places: places.map((place, i): FoundPlace | null => {
      const row = byItem.get(i)
      if (row === undefined) return null
      const { held, openBatch, saleKey } = row
      return {
        held:
          held === null ? null : { message: messageFrom(held), isBatchOpen: held.batchNumber === openBatch },
        saleKey: saleKey ?? fedSaleKey(place),
      }
    }),
  }
}

/** A sale that was fed is known to the host by its own trace number. */
function fedSaleKey({ merchantId, terminalId, original }: ListedPlace): string | null {
  if (original === null) return null
  const { batchNumber, hostStan: stan } = original
  return posMessageKey({ merchantId, terminalId, batchNumber, stan }, 'sale')
}

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
