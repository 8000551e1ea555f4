/**
 * @module An object of an entry as a list by a table. The list begins with a mask: the bit of a member is set when the
 * list has its value. Without the bit the member has its derived value. The values follow in the order of the table.
 */

import type { EntryScope } from './columns.ts'
import { malformed, type ValueForm } from './values.ts'

/** A member of the object, and what its value is derived from: the scope, and the members before it. */
export interface TableMember<View> {
  readonly form: ValueForm
  /** For the page of the format. Absent: the list always has the value. */
  readonly derived?: string
  readonly derive?: (scope: EntryScope, view: Readonly<Partial<View>>) => unknown
}

/** The tables name every member of their type, so a new member does not compile without its line. */
export type TableMembers<View> = { readonly [Name in keyof Required<View>]: TableMember<View> }

interface Line<View> extends TableMember<View> {
  readonly name: string
  /** 0: always in the list. */
  readonly bit: number
}

export interface EntryTable<View> {
  readonly name: string
  readonly lines: readonly Line<View>[]
  readonly names: ReadonlySet<string>
  /** The count of masks: a mask is less. */
  readonly masks: number
}

const MOST_BITS = 31

/**
 * Builds a table. The bits follow the order of the members; those of `often` come first, so that usual masks are short.
 * Throws RangeError when the mask has more than 31 bits.
 */
export function tableOf<View>(
  name: string,
  members: TableMembers<View>,
  often: readonly (keyof View & string)[] = [],
): EntryTable<View> {
  const all = Object.entries<TableMember<View>>(members)
  const masked = all.filter(([, { derive }]) => derive !== undefined).map(([member]) => member)
  const bits = [...new Set<string>([...often, ...masked])]
  if (bits.length > MOST_BITS) throw new RangeError(`${name}: ${bits.length} bits`)
  const lines = all.map(([member, line]) => ({
    ...line,
    name: member,
    bit: line.derive === undefined ? 0 : 2 ** bits.indexOf(member),
  }))
  return { name, lines, names: new Set(Object.keys(members)), masks: 2 ** bits.length }
}

/** A member that the list always has. */
export const given = <View>(form: ValueForm): TableMember<View> => ({ form })

/** A member with a usual value. `derived` describes the value for the page of the format. */
export const usually = <View>(
  form: ValueForm,
  derived: string,
  derive: (scope: EntryScope, view: Readonly<Partial<View>>) => unknown,
): TableMember<View> => ({ form, derived, derive })

const ABSENT = false

/** A member that is absent unless the list has it. */
export const optionally = <View>(form: ValueForm): TableMember<View> => ({
  form,
  derived: 'absent',
  derive: () => undefined,
})

/** A member that is null unless the list has it. */
export const orNull = <View>(form: ValueForm): TableMember<View> => ({
  form,
  derived: 'null',
  derive: () => null,
})

/** Equal, by value: two primitive values, or two objects of primitive values. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && a[name as keyof typeof a] === b[name as keyof typeof b])
  )
}

/** Writes an object as a list. */
export function writeList<View>(table: EntryTable<View>, view: View, scope: EntryScope): unknown[] {
  let mask = 0
  const list: unknown[] = [0]
  for (const { name, form, bit, derive } of table.lines) {
    const value = view[name as keyof View]
    if (derive !== undefined) {
      if (isSame(derive(scope, view as Partial<View>), value)) continue
      mask += bit
    }
    list.push(value === undefined ? ABSENT : value === null ? null : form.write(value, scope))
  }
  list[0] = mask
  return list
}

/** Writes an object as a list. A list of the mask alone is the mask. */
export const writeObject = <View>(table: EntryTable<View>, view: View, scope: EntryScope): unknown => {
  const list = writeList(table, view, scope)
  return list.length === 1 ? list[0] : list
}

/** A mask alone as its list. */
const asList = (stored: unknown): unknown => (typeof stored === 'number' ? [stored] : stored)

/** Reads a list. Throws SyntaxError when it is not one of this table. */
export function readList<View>(
  table: EntryTable<View>,
  written: unknown,
  scope: EntryScope,
  view: Partial<View> = {},
): Partial<View> {
  const stored = asList(written)
  if (!Array.isArray(stored)) throw malformed(`${table.name}: expected a list`)
  const mask: unknown = stored[0]
  if (typeof mask !== 'number' || !Number.isInteger(mask) || mask < 0 || mask >= table.masks)
    throw malformed(`${table.name}: expected a mask`)
  let next = 1
  for (const { name, form, bit, derive } of table.lines) {
    const isGiven = derive === undefined || (mask & bit) !== 0
    const value = isGiven ? readValue(form, stored[next++], scope) : derive(scope, view)
    if (value !== undefined) view[name as keyof View] = value as View[keyof View]
  }
  if (next !== stored.length) throw malformed(`${table.name}: ${stored.length} values, ${next} expected`)
  return view
}

function readValue(form: ValueForm, stored: unknown, scope: EntryScope): unknown {
  if (stored === ABSENT) return undefined
  return stored === null ? null : form.read(stored, scope)
}

/** The members that a list has, by their names, without the derived ones. The list was read before. */
export function describeList<View>(
  table: EntryTable<View>,
  stored: unknown,
  scope: EntryScope,
): Record<string, unknown> {
  const [mask, ...values] = asList(stored) as readonly unknown[]
  const described: Record<string, unknown> = {}
  let next = 0
  for (const { name, form, bit, derive } of table.lines) {
    if (derive !== undefined && (Number(mask) & bit) === 0) continue
    const stored = values[next++]
    const isObject = form.describe !== undefined && stored !== null && stored !== ABSENT
    described[name] = isObject ? form.describe?.(stored, scope) : readValue(form, stored, scope)
  }
  return described
}

/** The form of a member that is an object of its own. */
export const objectForm = <View>(table: EntryTable<View>): ValueForm => ({
  name: table.name,
  describe: (stored, scope) => describeList(table, stored, scope),
  write: (value, scope) => writeObject(table, value as View, scope),
  read: (stored, scope) => readList(table, stored, scope),
})

/** The form of a member that is a list of objects. */
export const listForm = <View>(table: EntryTable<View>): ValueForm => ({
  name: `list of ${table.name}`,
  describe: (stored, scope) => (stored as readonly unknown[]).map((one) => describeList(table, one, scope)),
  write: (value, scope) => (value as readonly View[]).map((one) => writeObject(table, one, scope)),
  read(stored, scope) {
    if (!Array.isArray(stored)) throw malformed(`expected a list of ${table.name}`)
    return stored.map((one) => readList(table, one, scope))
  },
})
