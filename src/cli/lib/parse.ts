/** @module Reads a command line by the table. An error names the option, or the position of a word, and never repeats a value. */

import { parseArgs } from 'node:util'
import {
  type Argument,
  type Declaration,
  flagOf,
  type InputOf,
  type Option,
  optionsOf,
  type Parsed,
} from './declare.ts'
import { UsageError } from './failure.ts'
import type { CommandIo } from './io.ts'
import { nearest } from './nearest.ts'
import type { ValueType } from './values.ts'

/** Which command the words belong to, for errors. */
interface Invocation {
  /** One word or two. */
  readonly name: string
  readonly args: readonly string[]
  readonly env: CommandIo['env']
}

interface Texts {
  /** Option by flag without `--` → its text; a switch has an empty one. */
  readonly options: ReadonlyMap<string, string>
  readonly words: readonly string[]
}

/** Throws UsageError where the words do not fit the declaration. */
export function parse<D extends Declaration>(declaration: D, invocation: Invocation): Parsed<D> {
  const { options, input, argument, json } = declaration
  const texts = split(declaration, invocation)
  const isBatch = input !== undefined && texts.options.has('ndjson')
  const read = (name: string, option: Option) => readOption(flagOf(name), option, texts, invocation.env)
  const values = (of: Readonly<Record<string, Option>>) =>
    Object.fromEntries(Object.entries(of).map(([name, option]) => [name, read(name, option)]))
  const parsed = {
    ...values(options),
    ...(json === undefined ? {} : { json: isBatch || texts.options.has('json') }),
    ...(input === undefined ? {} : { input: isBatch ? undefined : values(input) }),
    ...(argument === undefined ? {} : { argument: readArgument(argument, texts.words) }),
  }
  // The table made the members, and their types are taken from the same table.
  return parsed as unknown as Parsed<D>
}

/** Reads one line of `--ndjson`. Throws UsageError where a member is wrong. */
export function readLine<D extends Declaration>(
  { input = {} }: D,
  line: Readonly<Record<string, unknown>>,
): InputOf<D> {
  const values = Object.entries(input).map(([name, { type }]) => {
    const member = line[name]
    return [name, type && checked(name, type, typeof member === 'string' ? member : undefined)]
  })
  return Object.fromEntries(values) as InputOf<D>
}

function split(declaration: Declaration, { name, args }: Invocation): Texts {
  const known = optionsOf(declaration)
  const types = new Map(Object.entries(known).map(([key, { type }]) => [flagOf(key).slice(2), type] as const))
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      [...types].map(([flag, type]) => [flag, { type: type === undefined ? 'boolean' : 'string' }] as const),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const options = new Map<string, string>()
  const words: string[] = []
  const numberOf = (index: number) => name.split(' ').length + index + 1
  for (const token of tokens) {
    if (token.kind === 'option') {
      const { name: flag, rawName, value, inlineValue, index } = token
      if (!types.has(flag) || !rawName.startsWith('--'))
        throw new UsageError(unknownOption(rawName, numberOf(index), [...types.keys()], name))
      const type = types.get(flag)
      if (type === undefined && value !== undefined) throw new UsageError(`${rawName} takes no value`)
      // A word that begins with a dash is an option, unless it is joined to its own by "=".
      if (type !== undefined && (value === undefined || (!inlineValue && /^-./.test(value))))
        throw new UsageError(`${rawName}: expected ${type.expected}`)
      options.set(flag, value ?? '')
    } else if (token.kind === 'positional') {
      const { argument } = declaration
      if (argument === undefined || (words.length > 0 && argument.many !== true))
        throw new UsageError(`word ${numberOf(token.index)} is not expected: see annul ${name} --help`)
      words.push(token.value)
    }
  }
  return { options, words }
}

/** The word is repeated only where it is nearly the name of an option: it may be a key. */
function unknownOption(rawName: string, at: number, flags: readonly string[], name: string): string {
  const near = nearest(rawName.replace(/^-+/, ''), flags)
  return near === undefined
    ? `word ${at} is not an option: see annul ${name} --help`
    : `${rawName} is not an option: did you mean --${near}?`
}

function readOption(flag: string, option: Option, { options }: Texts, env: CommandIo['env']): unknown {
  const { type, fallback, required } = option
  if (type === undefined) return options.has(flag.slice(2))
  const ofEnvironment = option.env === undefined ? undefined : env[option.env] || undefined
  const text = options.get(flag.slice(2)) ?? ofEnvironment ?? fallback
  const label = option.env === undefined ? flag : `${flag} (or ${option.env})`
  if (text === undefined && required !== true) return undefined
  return checked(label, type, text)
}

function readArgument({ type }: Argument, words: readonly string[]): unknown {
  return checked(type.placeholder, type, words.length === 0 ? undefined : words.join(' '))
}

function checked<Value>(label: string, type: ValueType<Value>, text: string | undefined): Value {
  const value = text === undefined ? undefined : type.read(text)
  if (value === undefined)
    throw new UsageError(`${label}${text === undefined ? ' is missing' : ''}: expected ${type.expected}`)
  return value
}
