/**
 * @module A slow packer and reader of messages on hex strings: an oracle for the fast ones. The field table is written down from
 * the text of the protocol (protocol.md §2).
 */

export interface MicroMessage {
  /** Four digits. */
  readonly mti: string
  /** Digits, characters, or upper-case hex for bytes, by field number. */
  readonly fields: ReadonlyMap<number, string>
}

export interface MicroForms {
  readonly padding: '0' | 'F'
  readonly entryMode: 'left' | 'right'
}

const USUAL: MicroForms = { padding: '0', entryMode: 'left' }

/** The content of a field, the digits of the length before it (0: it is fixed), and its length or maximum. */
type MicroField = readonly [holds: 'digits' | 'track' | 'text' | 'bytes', prefix: 0 | 2 | 4, most: number]

const FIELDS: Readonly<Record<number, MicroField>> = {
  2: ['digits', 2, 19],
  3: ['digits', 0, 6],
  4: ['digits', 0, 12],
  11: ['digits', 0, 6],
  12: ['digits', 0, 6],
  13: ['digits', 0, 4],
  14: ['digits', 0, 4],
  15: ['digits', 0, 4],
  22: ['digits', 0, 3],
  23: ['digits', 0, 3],
  25: ['digits', 0, 2],
  26: ['digits', 0, 2],
  27: ['digits', 0, 1],
  32: ['digits', 2, 11],
  35: ['track', 2, 37],
  36: ['track', 4, 104],
  37: ['text', 0, 12],
  38: ['text', 0, 6],
  39: ['text', 0, 2],
  41: ['text', 0, 8],
  42: ['text', 0, 15],
  44: ['text', 2, 25],
  48: ['digits', 4, 322],
  49: ['text', 0, 3],
  52: ['bytes', 0, 8],
  53: ['digits', 0, 16],
  54: ['text', 4, 40],
  55: ['bytes', 4, 255],
  57: ['bytes', 4, 999],
  58: ['bytes', 4, 999],
  59: ['bytes', 4, 999],
  60: ['digits', 4, 19],
  61: ['digits', 4, 29],
  62: ['bytes', 4, 512],
  63: ['bytes', 4, 163],
  64: ['bytes', 0, 8],
}

const fieldOf = (number: number): MicroField => {
  const field = FIELDS[number]
  if (field === undefined) throw new RangeError(`field ${number}`)
  return field
}

const hexOfText = (text: string): string =>
  Array.from(text, (character) => character.charCodeAt(0).toString(16).padStart(2, '0')).join('')

/** Variable lengths align left, field 22 by the profile of the terminal, the rest right. */
const isLeft = (number: number, prefix: number, { entryMode }: MicroForms): boolean =>
  prefix > 0 || (number === 22 && entryMode === 'left')

/** The message as upper-case hex. One nibble pads every odd count. Throws RangeError when a value does not fit its field. */
export function microPack({ mti, fields }: MicroMessage, forms = USUAL): string {
  let bits = ''
  let wire = ''
  for (const number of fields.keys()) fieldOf(number)
  for (let number = 1; number <= 64; number++) {
    const value = fields.get(number)
    bits += value === undefined ? '0' : '1'
    if (value === undefined) continue
    const [holds, prefix, most] = fieldOf(number)
    const units = holds === 'bytes' ? value.length / 2 : value.length
    if (units > most || (prefix === 0 && units !== most)) throw new RangeError(`field ${number}: length`)
    if (prefix > 0) wire += String(units).padStart(prefix, '0')
    if (holds === 'text') wire += hexOfText(value)
    else if (value.length % 2 === 0) wire += value
    else wire += isLeft(number, prefix, forms) ? value + forms.padding : forms.padding + value
  }
  const bitmap = BigInt(`0b${bits}`).toString(16).padStart(16, '0')
  return (mti + bitmap + wire).toUpperCase()
}

const OF_KIND = { digits: /^\d*$/, track: /^[\dA-F]*$/, text: /^[ -~]*$/, bytes: /^(..)*$/ } as const

/**
 * Reads what `microPack` writes. Throws RangeError with the field that is not as the protocol says, its pad and the bytes behind the
 * last field included.
 */
export function microUnpack(hex: string, forms = USUAL): MicroMessage {
  const mti = hex.slice(0, 4)
  if (!/^\d{4}$/.test(mti) || hex.length < 20) throw new RangeError('no MTI and bitmap')
  const bits = BigInt(`0x${hex.slice(4, 20)}`)
  const fields = new Map<number, string>()
  let at = 20
  const take = (nibbles: number, number: number): string => {
    const taken = hex.slice(at, at + nibbles)
    if (taken.length !== nibbles) throw new RangeError(`field ${number}: ends early`)
    at += nibbles
    return taken
  }
  for (let number = 1; number <= 64; number++) {
    if (((bits >> BigInt(64 - number)) & 1n) === 0n) continue
    const [holds, prefix, most] = fieldOf(number)
    const length = prefix === 0 ? String(most) : take(prefix, number)
    if (!/^\d+$/.test(length) || Number(length) > most) throw new RangeError(`field ${number}: length`)
    const units = Number(length)
    const isPacked = holds === 'digits' || holds === 'track'
    const raw = take(isPacked ? units + (units % 2) : 2 * units, number)
    let value = raw
    if (holds === 'text') value = raw.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)))
    if (raw.length > units && isPacked) {
      const left = isLeft(number, prefix, forms)
      value = left ? raw.slice(0, -1) : raw.slice(1)
      if ((left ? raw.slice(-1) : raw.slice(0, 1)) !== forms.padding)
        throw new RangeError(`field ${number}: pad`)
    }
    if (!OF_KIND[holds].test(value)) throw new RangeError(`field ${number}: content`)
    fields.set(number, value)
  }
  if (at !== hex.length) throw new RangeError('bytes behind the last field')
  return { mti, fields }
}
