/** @module What can go wrong between us and a simulated acquirer, by rate and seed or step by step, as a script says. */

/** In the order in which their rates are added up. */
export const FAULTS = [
  /** The request never arrives. */
  'drop_request',
  /** It is done, and the answer never arrives. */
  'drop_answer',
  /** The request arrives when no one waits any more. */
  'late_request',
  /** It is done at once, and the answer arrives when no one waits any more. */
  'late_answer',
  /** The request arrives twice, and so does the answer. */
  'twice',
  /** It is done, and the answer is that to another STAN. */
  'other_stan',
  /** It is done, and a bit of the answer's MAC is wrong. */
  'bad_mac',
  /** It is done, and the answer breaks off half way. */
  'half_frame',
  /** The issuer is down: a decline that stands. */
  'code_91',
  /** The acquirer fails, before or after it was done, and says so. */
  'code_96',
  /** The issuer does not answer the acquirer, before or after it was done, and the acquirer says so. */
  'code_98',
  /** The business day ends just before the request. */
  'cut_off',
] as const
export type Fault = (typeof FAULTS)[number]

const KINDS = ['sale', 'void', 'reversal', 'inquiry'] as const
export type Kind = (typeof KINDS)[number]

/** Befalls the next message, or the next of one kind: a fault, or field 39 with which the issuer refuses. */
export interface ScriptStep {
  readonly on?: Kind
  readonly fault?: Fault
  readonly code?: string
}

export interface Plan {
  /** Of every fault, how often: 0 … 1, together at most 1. */
  readonly rates: Readonly<Partial<Record<Fault, number>>>
  /** Goes before the rates; each step is used up by the first message that it fits. */
  readonly script: readonly ScriptStep[]
}

export const NO_FAULTS: Plan = { rates: {}, script: [] }

/** 0 ≤ x < 1. */
export type RandomNumber = () => number

/** A generator (xorshift128) that gives the same numbers for the same seed. */
export function seededRandom(seed: number): RandomNumber {
  let [a, b, c, d] = [seed >>> 0, 0x9e3779b9, 0x243f6a88, 0xb7e15162]
  const next = (): number => {
    const t = a ^ (a << 11)
    ;[a, b, c] = [b, c, d]
    d = (d ^ (d >>> 19) ^ t ^ (t >>> 8)) >>> 0
    return d / 2 ** 32
  }
  // Seeds that differ little begin alike.
  for (let i = 0; i < 16; i++) next()
  return next
}

/** The fault that one draw comes to. */
export function drawFault(rates: Plan['rates'], random: RandomNumber): Fault | undefined {
  let left = random()
  for (const fault of FAULTS) {
    left -= rates[fault] ?? 0
    if (left < 0) return fault
  }
  return undefined
}

/** Takes the first step that fits a message out of a script. */
export function takeStep(script: ScriptStep[], kind: Kind): ScriptStep | undefined {
  const at = script.findIndex(({ on }) => on === undefined || on === kind)
  return at < 0 ? undefined : script.splice(at, 1)[0]
}

/** A plan as someone wrote it in JSON; undefined where it is none. */
export function readPlan(value: unknown): Plan | undefined {
  if (!isObject(value)) return undefined
  const { rates = {}, script = [], seed: _, ...rest } = value
  if (Object.keys(rest).length > 0) return undefined
  if (!isObject(rates) || !Array.isArray(script) || !script.every(isStep)) return undefined
  const numbers = Object.values(rates).filter((rate) => typeof rate === 'number' && rate >= 0)
  const sum = numbers.reduce<number>((total, rate) => total + Number(rate), 0)
  const isRates = numbers.length === Object.keys(rates).length && sum <= 1
  return isRates && Object.keys(rates).every(isFault) ? { rates, script } : undefined
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isFault = (value: unknown): boolean => FAULTS.some((fault) => fault === value)

function isStep(value: unknown): value is ScriptStep {
  if (!isObject(value)) return false
  const { on, fault, code, ...rest } = value
  const isKind = on === undefined || KINDS.some((kind) => kind === on)
  const isOne =
    (fault === undefined || isFault(fault)) &&
    (code === undefined || (typeof code === 'string' && /^[0-9A-Z]{2}$/.test(code)))
  return isKind && isOne && (fault === undefined || code === undefined) && Object.keys(rest).length === 0
}
