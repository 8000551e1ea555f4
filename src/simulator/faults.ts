/** @module The faults of a simulated acquirer. They come at random rates with a seed, or step by step from a script. */

/** @module The faults of a simulated acquirer. They come at random rates with a seed, or step by step from a script. */
export const FAULTS = [
  /** The request never arrives. */
  'drop_request',
  /** The request is processed, and the answer never arrives. */
  'drop_answer',
  /** The request arrives after the sender's deadline. */
  'late_request',
  /** The request is processed at once, and the answer arrives after the sender's deadline. */
  'late_answer',
  /** The request arrives twice, and so does the answer. */
  'twice',
  /** The request is processed, and the answer has another STAN. */
  'other_stan',
  /** The request is processed, and one bit of the answer's MAC is wrong. */
  'bad_mac',
  /** The request is processed, and the answer breaks off half way. */
  'half_frame',
  /** The issuer is down: a final decline. */
  'code_91',
  /** The acquirer fails, before or after it processed the request, and answers with the code. */
  'code_96',
  /** The issuer does not answer, before or after the request was processed. The acquirer answers with the code. */
  'code_98',
  /** The business day ends just before the request. */
  'cut_off',
] as const
export type Fault = (typeof FAULTS)[number]

const KINDS = ['sale', 'void', 'reversal', 'inquiry', 'sign_on', 'echo', 'settlement'] as const
export type Kind = (typeof KINDS)[number]

/** A step applies to the next message, or to the next one of a kind: a fault, field 39 of a refusal, or other totals. */
export interface ScriptStep {
  readonly on?: Kind
  readonly fault?: Fault
  readonly code?: string
  readonly totals?: 'other'
}

export interface Plan {
  /** The rate of each fault, 0 to 1, together at most 1. */
  readonly rates: Readonly<Partial<Record<Fault, number>>>
  /** The script applies before the rates. The first message that fits a step uses it up. */
  readonly script: readonly ScriptStep[]
  /** Whether declines have a MAC, as approvals and the answers to inquiries always have. Absent: they have one. */
  readonly declines?: 'signed' | 'unsigned'
}

/** A plan without faults. */
export const NO_FAULTS: Plan = { rates: {}, script: [] }

/** Returns x with 0 ≤ x < 1. */
export type RandomNumber = () => number

/** A generator (xorshift128) with the same numbers for the same seed. `seed` is a 32-bit integer. */
export function seededRandom(seed: number): RandomNumber {
  let [a, b, c, d] = [seed >>> 0, 0x9e3779b9, 0x243f6a88, 0xb7e15162]
  const next = (): number => {
    const t = a ^ (a << 11)
    ;[a, b, c] = [b, c, d]
    d = (d ^ (d >>> 19) ^ t ^ (t >>> 8)) >>> 0
    return d / 2 ** 32
  }
  // Similar seeds begin with similar numbers, so skip some.
  for (let i = 0; i < 16; i++) next()
  return next
}

/** The fault that one draw selects; undefined: none. */
export function drawFault(rates: Plan['rates'], random: RandomNumber): Fault | undefined {
  let left = random()
  for (const fault of FAULTS) {
    left -= rates[fault] ?? 0
    if (left < 0) return fault
  }
  return undefined
}

/** Takes the first step that fits a message from the script. */
export function takeStep(script: ScriptStep[], kind: Kind): ScriptStep | undefined {
  const at = script.findIndex(({ on }) => on === undefined || on === kind)
  return at < 0 ? undefined : script.splice(at, 1)[0]
}

/** Reads a plan from JSON; undefined when it is not valid. */
export function readPlan(value: unknown): Plan | undefined {
  if (!isObject(value)) return undefined
  const { rates = {}, script = [], declines = 'signed', seed: _, ...rest } = value
  if (Object.keys(rest).length > 0) return undefined
  if (declines !== 'signed' && declines !== 'unsigned') return undefined
  if (!isObject(rates) || !Array.isArray(script) || !script.every(isStep)) return undefined
  const numbers = Object.values(rates).filter((rate) => typeof rate === 'number' && rate >= 0)
  const sum = numbers.reduce<number>((total, rate) => total + Number(rate), 0)
  const isRates = numbers.length === Object.keys(rates).length && sum <= 1
  return isRates && Object.keys(rates).every(isFault) ? { rates, script, declines } : undefined
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isFault = (value: unknown): boolean => FAULTS.some((fault) => fault === value)

function isStep(value: unknown): value is ScriptStep {
  if (!isObject(value)) return false
  const { on, fault, code, totals, ...rest } = value
  const isKind = on === undefined || KINDS.some((kind) => kind === on)
  const isOne =
    (fault === undefined || isFault(fault)) &&
    (code === undefined || (typeof code === 'string' && /^[0-9A-Z]{2}$/.test(code)))
  const most = [fault, code, totals].filter((one) => one !== undefined).length
  const isTotals = totals === undefined || totals === 'other'
  return isKind && isOne && isTotals && most <= 1 && Object.keys(rest).length === 0
}
