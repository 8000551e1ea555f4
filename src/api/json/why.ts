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
      return 'has a member that is not known'
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
