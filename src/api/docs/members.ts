/** @module The members of a schema with the members inside them, for the reference pages. A named schema has its own section. */

/** A JSON schema. */
export interface Schema {
  readonly [keyword: string]: unknown
  readonly $ref?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly items?: Schema
}

export interface Member {
  /** `tmk.components[].value`: a member in each object of a list in an object. */
  readonly name: string
  readonly required: boolean
  readonly schema: Schema
}

/** Each member, and after it the members of its objects. */
export function membersIn({ properties = {}, required = [] }: Schema, before = ''): Member[] {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const name = `${before}${key}`
    return [{ name, required: required.includes(key), schema }, ...inside(schema, name)]
  })
}

function inside(schema: Schema, name: string): Member[] {
  const { $ref, items, anyOf, oneOf } = schema
  if ($ref !== undefined) return []
  if (items !== undefined) return inside(items, `${name}[]`)
  const options = anyOf ?? oneOf
  return options === undefined ? membersIn(schema, `${name}.`) : merged(options, name)
}

/** The members of every option. A member that not every object has is not required, and one value stands for all. */
function merged(options: readonly Schema[], name: string): Member[] {
  const found = options.map((option) => inside(option, name)).filter((members) => members.length > 0)
  const byName = new Map<string, Member[]>()
  for (const member of found.flat()) byName.set(member.name, [...(byName.get(member.name) ?? []), member])
  return [...byName].map(([own, members]) => ({
    name: own,
    required: members.length === found.length && members.every(({ required }) => required),
    schema: either(members.map(({ schema }) => schema)),
  }))
}

function either(schemas: readonly Schema[]): Schema {
  const different = [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()]
  const [only] = different
  if (only === undefined || different.length > 1) return { anyOf: different }
  return only
}

/** A schema that has every member of `Problem` beside its own: its own members only. Null for another schema. */
export function besideProblem(schema: Schema, problem: Schema | undefined): Schema | null {
  const names = Object.keys(problem?.properties ?? {})
  const { properties = {} } = schema
  if (schema === problem || names.length === 0 || !names.every((name) => name in properties)) return null
  const own = Object.entries(properties).filter(([name]) => !names.includes(name))
  return { ...schema, properties: Object.fromEntries(own) }
}
