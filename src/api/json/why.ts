/** @module Our words for a wrong member. They never repeat its value. */

import type * as z from 'zod'

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  tuple: 'a list',
}

/** For every fault that has no words in its schema. */
export function whyOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `expected ${TYPES[issue.expected] ?? 'another type'}`
    case 'unrecognized_keys':
      return `has a member that is not known${expectedMembers(issue)}`
    case 'invalid_value':
      return issue.input === undefined ? 'is missing' : `expected ${issue.values.join(', ')}`
    case 'too_small':
      return `expected ${sizeOf(issue.origin)}at least ${issue.minimum}`
    case 'too_big':
      return `expected ${sizeOf(issue.origin)}at most ${issue.maximum}`
    case 'invalid_union':
      return issue.discriminator === undefined
        ? 'has a wrong form'
        : `expected a known ${issue.discriminator}`
    default:
      return 'is not valid'
  }
}

const sizeOf = (origin: string): string =>
  ['array', 'tuple', 'string'].includes(origin) ? 'a length of ' : ''

/** The members that the object may have: by them the sender finds its misspelt one, whose name may be a secret. */
function expectedMembers({ inst }: z.core.$ZodRawIssue): string {
  const def: object = inst?._zod.def ?? {}
  const { shape }: { readonly shape?: object } = def
  return shape === undefined ? '' : `: expected only ${Object.keys(shape).join(', ')}`
}
