/** @module The declaration of a command in the table. The parser, the help, `docs/cli.md` and the completion all read it. */

import type { CommandIo } from './io.ts'
import type { ValueType } from './values.ts'

/** An option. Without a `type` it is a switch, which takes no value. */
export interface Option {
  /** One line of help. */
  readonly about: string
  readonly type?: ValueType<unknown>
  readonly required?: true
  /** The value where the user gives none, as a user would write it. */
  readonly fallback?: string
  /** The environment variable that is read where the option is absent. */
  readonly env?: string
  /** The value must not reach a screen, a log or the history of a shell. */
  readonly secret?: true
}

/** By name in camelCase; `--kebab-case` on the command line. */
export type Options = Readonly<Record<string, Option>>

/** The word or words that must follow the command, without an option in front. */
export interface Argument {
  readonly about: string
  readonly type: ValueType<unknown>
  /** Several words are read as one value, with blanks between them. */
  readonly many?: true
}

/** The output of `--json`: one JSON object in each line. */
export interface JsonOutput {
  /** The subject of one line. */
  readonly each: string
  /** Member → what it holds. A member whose name ends in `?` may be absent. */
  readonly members: Readonly<Record<string, string>>
}

export interface Declaration {
  readonly about: string
  readonly options: Options
  /** Values that are options, or with `--ndjson` the members of a line of stdin. */
  readonly input?: Options
  readonly argument?: Argument
  /** Declares the option `--json`. */
  readonly json?: JsonOutput
  /** When the exit code is 1. Without it the command never ends so. */
  readonly fails?: string
  /** More than the one line of `about`; each text is a paragraph. */
  readonly notes?: readonly string[]
  /** Command lines without the leading `annul`; the first is the most usual. */
  readonly examples: readonly string[]
}

export const declare = <const D extends Declaration>(declaration: D): D => declaration

type ValueOf<O> = O extends { readonly type: ValueType<infer Value> }
  ? O extends { readonly required: true } | { readonly fallback: string }
    ? Value
    : Value | undefined
  : boolean

type ValuesOf<Os> = { readonly [Name in keyof Os]: ValueOf<Os[Name]> }

/** The values of `input`, checked. */
export type InputOf<D> = D extends { readonly input: infer Input } ? ValuesOf<Input> : never

/** A parsed command line. */
export type Parsed<D extends Declaration> = ValuesOf<D['options']> &
  (D extends { readonly json: JsonOutput } ? { readonly json: boolean } : unknown) &
  // Undefined with `--ndjson`: then stdin has the values.
  (D extends { readonly input: Options } ? { readonly input: InputOf<D> | undefined } : unknown) &
  (D extends { readonly argument: { readonly type: ValueType<infer Value> } }
    ? { readonly argument: Value }
    : unknown)

/** Runs a command; returns its exit code. Throws UsageError (2) and Failure (1). */
export type Run<D extends Declaration> = (parsed: Parsed<D>, io: CommandIo) => Promise<number>

/** The options that a user may give, in the order of help. */
export const optionsOf = ({ options, input, json }: Declaration): Options => ({
  ...input,
  ...options,
  ...(input === undefined ? {} : { ndjson: { about: linesOf(input) } }),
  ...(json === undefined ? {} : { json: { about: `print one line of JSON for each ${json.each}` } }),
})

const linesOf = (input: Options): string =>
  `read lines of JSON from stdin, each with ${Object.keys(input).join(', ')}; answer each with one`

/** `acquirerLedger` → `--acquirer-ledger`. */
export const flagOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}`
