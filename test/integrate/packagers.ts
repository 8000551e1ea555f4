/** @module The packager files of docs/integrate/packagers, each read as text, as rows that can be compared with spec.ts. */

import type { ElementSpec, Length } from '../../src/iso8583/spec.ts'

/** A field as a packager has it; `free` is the side of a free nibble, null where there can be none. */
export interface PackagerRow {
  readonly number: number
  readonly name: string
  readonly coding: 'bcd' | 'nibbles' | 'ascii' | 'binary'
  readonly length: Length
  readonly max: number
  readonly free: 'left' | 'right' | null
  /** A short text is filled with blanks; null where the library does not fill. */
  readonly fills: boolean | null
}

const CODINGS = { n: 'bcd', z: 'nibbles', an: 'ascii', ans: 'ascii', b: 'binary' } as const

/** The fields of spec.ts, in the same form. */
export function rowOf({ number, name, format, length, max, alignment }: ElementSpec): PackagerRow {
  const isPacked = format === 'n' || format === 'z'
  const canBeOdd = isPacked && (length !== 'fixed' || max % 2 === 1)
  const isText = format === 'an' || format === 'ans'
  return {
    number,
    name,
    coding: CODINGS[format],
    length,
    max,
    free: canBeOdd ? (alignment === 'left' ? 'right' : 'left') : null,
    fills: isText && length === 'fixed',
  }
}

type Groups = Readonly<Record<string, string>>

function all(text: string, pattern: RegExp): Groups[] {
  return [...text.matchAll(pattern)].map(({ groups = {} }) => groups)
}

const lengthOf = (prefix: string | undefined): Length =>
  prefix === 'LL' ? 'LLVAR' : prefix === 'LLL' ? 'LLLVAR' : 'fixed'

const JPOS_ROW =
  /<isofield id="(?<id>\d+)" length="(?<max>\d+)" name="(?<name>[^"]+)" class="org\.jpos\.iso\.(?<type>\w+)"(?: pad="(?<pad>true|false)")?\/>/g

/** org.jpos.iso: IFB_ is BCD or binary, IF_ is text; NUM and NUMERIC take nibbles, `=` as D too. */
export function readJpos(xml: string): PackagerRow[] {
  return all(xml, JPOS_ROW).map(({ id = '', max = '', name = '', type = '', pad }) => {
    const [, prefix, kind] = /^IFB?_(LLL|LL)?(NUMERIC|NUM|CHAR|BINARY|BITMAP)$/.exec(type) ?? []
    const isPacked = kind === 'NUM' || kind === 'NUMERIC'
    const length = lengthOf(prefix)
    const canBeOdd = isPacked && (length !== 'fixed' || Number(max) % 2 === 1)
    const isTrack = id === '35' || id === '36'
    return {
      number: Number(id),
      name,
      coding: isPacked ? (isTrack ? 'nibbles' : 'bcd') : kind === 'CHAR' ? 'ascii' : 'binary',
      length,
      max: Number(max),
      free: canBeOdd ? (pad === 'true' ? 'left' : 'right') : null,
      fills: type === 'IF_CHAR',
    }
  })
}

const PYTHON_ROW = /^ {4}"(?<id>[htp]|\d+)": (?<body>\{.*\}),$/gm

/** pyiso8583: one dictionary a line, which is JSON too. */
export function readPython(text: string): PackagerRow[] {
  return all(text, PYTHON_ROW)
    .filter(({ id = '' }) => Number(id) > 1)
    .map(({ id = '', body = '' }) => {
      const row = JSON.parse(body) as Record<string, string | number | undefined>
      const isPacked = row.len_count === 'nibbles'
      const isTrack = id === '35' || id === '36'
      const lengths: readonly Length[] = ['fixed', 'LLVAR', 'LLLVAR']
      const pads = (['left', 'right'] as const).filter((side) => row[`${side}_pad`] !== undefined)
      if (row.len_enc !== 'bcd' || pads.some((side) => row[`${side}_pad`] !== '0'))
        throw new Error(`field ${id}: another prefix or padding`)
      const coding = row.data_enc === 'ascii' ? 'ascii' : isPacked ? 'bcd' : 'binary'
      return {
        number: Number(id),
        name: String(row.desc),
        coding: isTrack ? 'nibbles' : coding,
        length: lengths[Number(row.len_type)] ?? 'fixed',
        max: Number(row.max_len),
        free: pads[0] ?? null,
        fills: null,
      }
    })
}

const GO_ROW =
  /^\t\t(?<id>\d+):\s+field\.New(?<type>String|Binary)\(&field\.Spec\{Length: (?<max>\d+), Description: "(?<name>[^"]+)", Enc: (?<enc>[\w.]+), Pref: prefix\.(?<pref>\w+)\.(?<fixed>Fixed|LLL|LL)(?<pad>, Pad: padding\.Right\(' '\))?\}\),$/gm

const GO_CODINGS: Readonly<Record<string, PackagerRow['coding']>> = {
  'encoding.BCD': 'bcd',
  'encoding.LBCD': 'bcd',
  'encoding.ASCII': 'ascii',
  'encoding.Binary': 'binary',
  track: 'nibbles',
}

/** moov-io/iso8583: BCD leaves the left nibble free, LBCD and the file's own track encoder the right one. */
export function readGo(text: string): PackagerRow[] {
  return all(text, GO_ROW)
    .filter(({ id }) => Number(id) > 1)
    .map(({ id = '', type, max = '', name = '', enc = '', pref = '', fixed = '', pad }) => {
      const coding = GO_CODINGS[enc]
      if (coding === undefined) throw new Error(`field ${id}: ${enc}`)
      if ((type === 'Binary') !== (coding === 'binary')) throw new Error(`field ${id}: ${type} of ${enc}`)
      if (fixed !== 'Fixed' && pref !== 'BCD') throw new Error(`field ${id}: prefix ${pref}`)
      const length = lengthOf(fixed)
      const isPacked = coding === 'bcd' || coding === 'nibbles'
      const canBeOdd = isPacked && (length !== 'fixed' || Number(max) % 2 === 1)
      return {
        number: Number(id),
        name,
        coding,
        length,
        max: Number(max),
        free: canBeOdd ? (enc === 'encoding.BCD' ? 'left' : 'right') : null,
        fills: pad !== undefined,
      }
    })
}
