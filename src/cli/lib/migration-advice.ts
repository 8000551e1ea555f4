/** @module The advice on a database that cannot take the migrations. */

/** Null when only the error itself helps. `output`: that of wrangler. */
export const adviceOn = (output: string): string | null =>
  /table .?\w+.? already exists/.test(output)
    ? 'the database is of an earlier version, whose journal this version cannot read: delete it and make a new one (the local one is .wrangler/state, or the folder of --persist-to)'
    : null
