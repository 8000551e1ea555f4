/** @module Lines of a transcript as a person reads them. */

/** Rows and bodies are for the hash: null. */
export const readable = (line: string): string | null =>
  /^\d+ \d+ (\[|[0-9a-f]{64}|[1-5]\d\d )/.test(line) ? null : line.slice(0, 500).replace(/[^ -~→←]/g, '.')
