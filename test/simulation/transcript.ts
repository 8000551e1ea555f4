/** @module Lines of a transcript for a reader. */

/** Rows and bodies matter for the hash only: null. */
export const readable = (line: string): string | null =>
  /^\d+ \d+ (\[|[0-9a-f]{64}|[1-5]\d\d )/.test(line) ? null : line.slice(0, 500).replace(/[^ -~→←]/g, '.')
