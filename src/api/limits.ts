/** @module The bounds of a request body. */

/** The most bytes of a body: of a list in NDJSON, and of every other body. */
export const LINES_BODY_LIMIT = 256 * 1024
export const API_BODY_LIMIT = 16 * 1024

/** The time within which a body must arrive, in milliseconds. */
export const API_BODY_MS = 10_000

/** The most lines of one request. */
export const MOST_LINES = 200
