/**
 * @module Finds an object of JSON that has a member twice. `JSON.parse` takes the last one, and another reader of the same bytes
 * may take the first (RFC 8259 §4). So two systems could see two amounts.
 */

/** A text of JSON, and the colon after it if the text is the name of a member. */
const TEXT = /"[^"\\]*(?:\\.[^"\\]*)*"(?:\s*:)?/g

/** True if an object in `text` has a member twice. `value` is the value of `text`, which is valid JSON. */
export const hasRepeatedMember = (text: string, value: unknown): boolean => namesIn(text) > membersOf(value)

function namesIn(text: string): number {
  let names = 0
  for (const found of text.match(TEXT) ?? []) if (found.endsWith(':')) names++
  return names
}

/** The members of each object in a value. Without recursion, because the value may be deep. */
function membersOf(value: unknown): number {
  let members = 0
  const open: unknown[] = [value]
  while (open.length > 0) {
    const one = open.pop()
    if (typeof one !== 'object' || one === null) continue
    const inner: unknown[] = Object.values(one)
    if (!Array.isArray(one)) members += inner.length
    for (const each of inner) open.push(each)
  }
  return members
}
