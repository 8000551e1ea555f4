/**
 * @module The floors: a Worker that does nothing but what every answer needs at least. One route answers at
 * once. One runs a bare D1 batch in the shape of a commit. One runs a batch in the shape of a load before it.
 *
 * It runs inside workerd: its types are stripped when a load starts, and it imports nothing.
 */

interface FloorEnv {
  readonly DB: D1Database
}

const TABLES = [
  `create table if not exists floor_entry (stream text, seq integer, hash blob, name text, body text, primary key (stream, seq))`,
  'create unique index if not exists floor_key on floor_entry (name)',
  'create table if not exists floor_sale (sale_id blob primary key, name text unique, amount integer, card text)',
  'create table if not exists floor_stream (stream text primary key, head_seq integer, head_hash text)',
  'create table if not exists floor_batch (stream text primary key, amount integer, count integer)',
]

const STREAMS = 64
/** About the bytes of an entry of the journal. */
const BODY = JSON.stringify({ v: 2, answer: 'a'.repeat(150), effects: 'e'.repeat(250) })

const textOf = (length: number): string =>
  [...crypto.getRandomValues(new Uint8Array(length))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')

/** Reads by keys: stream, batch, entry, sale, and a sale by another key. */
function load(db: D1Database, stream: string, key: string): Promise<unknown> {
  const by = (sql: string, value: string) => db.prepare(sql).bind(JSON.stringify([value]))
  return db.batch([
    by('select * from json_each(?) as item join floor_stream on stream = item.value', stream),
    by('select * from json_each(?) as item join floor_batch on stream = item.value', stream),
    by('select * from json_each(?) as item join floor_entry on name = item.value', key),
    by('select * from json_each(?) as item join floor_sale on name = item.value', key),
    by('select * from json_each(?) as item join floor_sale on sale_id = unhex(item.value)', key),
  ])
}

/** Writes an entry and its three rows, and reads the entry. */
function commit(db: D1Database, stream: string, key: string): Promise<unknown> {
  const seq = Number.parseInt(key.slice(0, 12), 16)
  const rows = JSON.stringify([{ stream, key, seq, body: BODY, amount: 100 }])
  const over = (sql: string) => db.prepare(sql).bind(rows)
  return db.batch([
    over(
      `insert into floor_entry select value ->> 'stream', value ->> 'seq', unhex(value ->> 'key'), value ->> 'key', value ->> 'body'
       from json_each(?)`,
    ),
    over(
      `insert into floor_sale select unhex(value ->> 'key'), value ->> 'key', value ->> 'amount', '6225000000' from json_each(?)`,
    ),
    over(
      `insert into floor_stream select value ->> 'stream', value ->> 'seq', value ->> 'key' from json_each(?) where true
       on conflict do update set head_seq = excluded.head_seq, head_hash = excluded.head_hash`,
    ),
    over(
      `insert into floor_batch select value ->> 'stream', value ->> 'amount', 1 from json_each(?) where true
       on conflict do update set amount = amount + excluded.amount, count = count + 1`,
    ),
    over("select name from json_each(?) as item join floor_entry on name = item.value ->> 'key'"),
  ])
}

export default {
  async fetch(request, { DB }) {
    const { pathname } = new URL(request.url)
    await request.arrayBuffer()
    if (pathname === '/prepare') {
      for (const sql of TABLES) await DB.prepare(sql).run()
    } else if (pathname !== '/trivial') {
      const [stream, key] = [`s${(crypto.getRandomValues(new Uint8Array(1))[0] ?? 0) % STREAMS}`, textOf(16)]
      if (pathname === '/two') await load(DB, stream, key)
      await commit(DB, stream, key)
    }
    return new Response(new Uint8Array(152))
  },
} satisfies ExportedHandler<FloorEnv>
