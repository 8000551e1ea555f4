/**
 * @module Finds an object of JSON that has a member twice. `JSON.parse` takes the last one, and another reader of the same bytes
 * may take the first (RFC 8259 §4). So two systems could see two amounts.
 */

/** True if an object in `text` has a member twice. `value` is the value of `text`, which is valid JSON. */
export const hasRepeatedMember = (text: string, value: unknown): boolean => namesIn(text) > membersOf(value)

const QUOTE = 0x22
const COLON = 0x3a
const BACKSLASH = 0x5c

/** Outside of texts, JSON has one colon for each member. */
function namesIn(text: string): number {
  let names = 0
  let isInText = false
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === QUOTE) isInText = !isInText
    else if (unit === BACKSLASH) i++
    else if (unit === COLON && !isInText) names++
  }
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
