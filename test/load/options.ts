/** @module The options of `npm run load`, with their bounds. A wrong one ends the command before anything starts. */

import { parseArgs } from 'node:util'
import { isOnThisMachine } from '../../src/cli/provision.ts'
import { MIX_KINDS, type Mix } from './mix.ts'

export interface LoadOptions {
  readonly target: 'dev' | 'workerd' | 'url'
  readonly url: URL | null
  /** Bearer key of an administrator, for `--url`. */
  readonly key: string | null
  readonly mix: Mix
  /** Arrivals per second, or those of the first step of a ramp. */
  readonly rate: number
  readonly isRamp: boolean
  /** Seconds: of the whole load, or the most that a ramp takes. */
  readonly duration: number
  readonly terminals: number
  readonly connections: number
  readonly acquirer: 'sandbox' | 'https'
  /** Each message is sent ten times at once. */
  readonly isStorm: boolean
  /** The share of answers that the terminals lose, 0 … 1. */
  readonly lose: number
  /** Milliseconds added to each call of D1. */
  readonly d1Ms: number
  /** Seconds of the comparison with the floors; 0 leaves it out. */
  readonly floors: number
  /** The folder of the databases, for the target workerd. One in memory takes the disk out of the times. */
  readonly dir: string | null
  /** The driver has a core of its own. */
  readonly isPinned: boolean
  readonly seed: number
  readonly json: string | null
  readonly html: string | null
  readonly objectives: readonly Objective[]
  /** Two files of earlier runs, to be put side by side. */
  readonly compare: readonly [string, string] | null
}

/** A bound in milliseconds for a percentile of all messages. */
export interface Objective {
  readonly name: string
  /** 0 … 100. */
  readonly percentile: number
  readonly ms: number
}

/** Thrown for a wrong option, with the words for the user. */
export class OptionError extends Error {}

const USUAL_MIX: Mix = {
  sale: 40,
  void: 30,
  inquiry: 10,
  copy: 10,
  reversal: 5,
  rival: 3,
  late: 2,
  'sign-on': 0,
}

const BOUNDS = {
  rate: [1, 20_000],
  duration: [0.1, 3600],
  terminals: [1, 5000],
  connections: [1, 1000],
  lose: [0, 0.5],
  'd1-ms': [0, 1000],
  floors: [0, 600],
  seed: [0, 2 ** 31 - 1],
} as const

/** The most arrivals of a run. */
const MOST_ARRIVALS = 2_000_000

const text = { type: 'string' } as const
const flag = { type: 'boolean', default: false } as const

/** Reads the arguments after `npm run load --`. `randomSeed` is used without `--seed`. */
export function readOptions(args: readonly string[], randomSeed: number): LoadOptions {
  const { values, positionals } = parse(args)
  const number = (name: keyof typeof BOUNDS, fallback: number): number => {
    const given = values[name]
    const value = given === undefined ? fallback : Number(given)
    const [least, most] = BOUNDS[name]
    if (given?.trim() === '' || !(value >= least && value <= most))
      throw new OptionError(`--${name}: expected a number from ${least} to ${most}`)
    return value
  }
  const whole = (name: keyof typeof BOUNDS, fallback: number): number => {
    const value = number(name, fallback)
    if (!Number.isInteger(value)) throw new OptionError(`--${name}: expected a whole number`)
    return value
  }
  if (!values.compare && positionals.length > 0)
    throw new OptionError(`${positionals[0]}: expected options only`)
  const target = targetIn(values)
  const options: LoadOptions = {
    ...target,
    mix: mixIn(values.mix),
    rate: number('rate', values.ramp ? 50 : 100),
    isRamp: values.ramp,
    duration: number('duration', values.ramp ? 120 : 20),
    terminals: whole('terminals', 200),
    connections: whole('connections', 64),
    acquirer: oneOf('acquirer', values.acquirer, ['sandbox', 'https']),
    isStorm: values.storm,
    lose: number('lose', 0.02),
    d1Ms: number('d1-ms', 0),
    floors: number('floors', target.target === 'url' ? 0 : 12),
    seed: whole('seed', randomSeed),
    dir: values.dir ?? null,
    isPinned: values.pin,
    json: values.json ?? null,
    html: values.html ?? null,
    objectives: (values.objective ?? []).map(objectiveIn),
    compare: compareIn(values.compare, positionals),
  }
  if (!options.isRamp && options.rate * options.duration > MOST_ARRIVALS)
    throw new OptionError(`--rate and --duration: together at most ${MOST_ARRIVALS} arrivals`)
  if (options.d1Ms > 0 && options.target !== 'workerd')
    throw new OptionError('--d1-ms: only the target workerd has a D1 that can be slowed')
  if (options.dir !== null && options.target !== 'workerd')
    throw new OptionError('--dir: only the target workerd has a folder of its own')
  if (options.isPinned && options.target !== 'workerd')
    throw new OptionError('--pin: only the processes of the target workerd are known')
  if (options.target === 'url' && options.acquirer === 'https')
    throw new OptionError('--acquirer: the service at --url has the acquirer of its settings')
  if (options.target === 'url' && options.floors > 0)
    throw new OptionError('--floors: no floor Worker runs beside the service at --url')
  return options
}

function parse(args: readonly string[]) {
  const options = {
    target: { ...text, default: 'workerd' },
    url: text,
    key: text,
    'yes-this-is-mine': flag,
    mix: text,
    rate: text,
    ramp: flag,
    duration: text,
    terminals: text,
    connections: text,
    acquirer: { ...text, default: 'sandbox' },
    storm: flag,
    lose: text,
    'd1-ms': text,
    floors: text,
    seed: text,
    dir: text,
    pin: flag,
    json: text,
    html: text,
    objective: { ...text, multiple: true },
    compare: flag,
  } as const
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new OptionError((error as Error).message)
  }
}

type Values = ReturnType<typeof parse>['values']

function targetIn(values: Values): Pick<LoadOptions, 'target' | 'url' | 'key'> {
  if (values.url === undefined) {
    if (values['yes-this-is-mine']) throw new OptionError('--yes-this-is-mine: expected with --url')
    return { target: oneOf('target', values.target, ['dev', 'workerd']), url: null, key: null }
  }
  const url = URL.parse(values.url)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new OptionError('--url: expected an address that starts with http:// or https://')
  if (!isOnThisMachine(url) && !values['yes-this-is-mine'])
    throw new OptionError(
      '--url: this service is not on this machine. A load may harm it and writes sales into its journal. Add --yes-this-is-mine if it is yours.',
    )
  const key = values.key ?? process.env.ANNUL_ADMIN_KEY
  if (!key) throw new OptionError('--key (or ANNUL_ADMIN_KEY): expected the bearer key of an administrator')
  return { target: 'url', url, key }
}

function oneOf<T extends string>(name: string, value: string, known: readonly T[]): T {
  const found = known.find((one) => one === value)
  if (found === undefined) throw new OptionError(`--${name}: expected ${known.join(' or ')}`)
  return found
}

/** `sale=2,void=1`: the kinds that are not named do not come. */
function mixIn(given: string | undefined): Mix {
  if (given === undefined) return USUAL_MIX
  const mix = Object.fromEntries(MIX_KINDS.map((kind) => [kind, 0])) as Record<keyof Mix, number>
  for (const part of given.split(',')) {
    const [, name = '', weight = ''] = /^([a-z-]+)=(\d+(?:\.\d+)?)$/.exec(part) ?? []
    const kind = MIX_KINDS.find((one) => one === name)
    if (kind === undefined)
      throw new OptionError(
        `--mix: expected ${MIX_KINDS.map((one) => `${one}=N`).join(',')}, or some of them`,
      )
    mix[kind] = Number(weight)
  }
  if (Object.values(mix).every((weight) => weight === 0))
    throw new OptionError('--mix: expected a weight above 0')
  return mix
}

/** `p99=50` or `p99.9=200`, in milliseconds. */
function objectiveIn(given: string): Objective {
  const [, percentile = '', ms = ''] = /^p(\d{1,2}(?:\.\d+)?)=(\d+(?:\.\d+)?)(?:ms)?$/.exec(given) ?? []
  if (percentile === '' || Number(percentile) === 0)
    throw new OptionError('--objective: expected a percentile and milliseconds, as p99=50')
  return { name: `p${percentile}`, percentile: Number(percentile), ms: Number(ms) }
}

function compareIn(isGiven: boolean, files: readonly string[]): LoadOptions['compare'] {
  if (!isGiven) return null
  const [a, b, ...others] = files
  if (a === undefined || b === undefined || others.length > 0)
    throw new OptionError('--compare: expected two files that --json wrote')
  return [a, b]
}
