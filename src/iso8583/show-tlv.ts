/** @module Shows BER-TLV to people: each tag with its name, its value and its fault. Card data and secrets stay masked. */

import { maskPan } from '../domain/pan.ts'
import { readTlv, type TlvElement } from './ber-tlv.ts'
import { SECRET_TAGS, TAG_NAMES, TEXT_TAGS } from './emv-tags.ts'
import { fromHex, toHex } from './hex.ts'
import { maskPrintable, maskText } from './mask.ts'
import { decodeText } from './text.ts'

/** A tag as shown. */
export interface ShownTag {
  readonly tag: string
  /** Offset of the tag in the value of the field, in bytes. */
  readonly at: number
  readonly name?: string
  /** The value of a primitive tag, masked where necessary. */
  readonly value?: string
  readonly masked?: true
  /** The fault of the tag. */
  readonly why?: string
  /** The tags inside a constructed one. */
  readonly tags?: readonly ShownTag[]
}

/** The tags of bytes in hex, and all of them as one text. Never throws. */
export function showTlv(hex: string): { readonly tags: readonly ShownTag[]; readonly text: string } {
  const tags = readTlv(fromHex(hex) ?? new Uint8Array()).map((element) => shownTag(element, false))
  return { tags, text: tags.map(textOf).join(', ') }
}

/** Whether the value of a tag is masked. */
export const isAnyMasked = (tags: readonly ShownTag[]): boolean =>
  tags.some(({ masked, tags: inner = [] }) => masked === true || isAnyMasked(inner))

/** The tags, if the bytes are TLV from end to end, and begin with a tag that has a name. Else undefined. */
export function wholeTlv(hex: string): ReturnType<typeof showTlv> | undefined {
  const shown = showTlv(hex)
  const [first] = shown.tags
  const isWhole = first?.at === 0 && first.name !== undefined && !shown.tags.some(isBroken)
  return isWhole ? shown : undefined
}

const isBroken = ({ why, tags = [] }: ShownTag): boolean => why !== undefined || tags.some(isBroken)

/**
 * `mayBeCard`: the element is inside one that may be a misread card number. A broken tag may be, if it has decimal digits only.
 */
function shownTag(element: TlvElement, mayBeCard: boolean): ShownTag {
  const { tag, at, value, elements, why, unread } = element
  const name = TAG_NAMES[tag]
  const isSuspect = mayBeCard || (why !== undefined && /^\d+$/.test(tag))
  const shown =
    isSuspect && value.length >= FEWEST_HIDDEN ? '*'.repeat(2 * value.length) : shownValue(element)
  const isMasked = elements === undefined && ![toHex(value), decodeText(value, 'ascii')].includes(shown)
  const fault = unread === undefined ? why : `${why}; ${unread} bytes not read`
  return {
    tag,
    at,
    ...(name === undefined ? {} : { name }),
    ...(elements === undefined
      ? { value: shown }
      : { tags: elements.map((inner) => shownTag(inner, isSuspect)) }),
    ...(isMasked ? { masked: true } : {}),
    ...(fault === undefined ? {} : { why: fault }),
  }
}

/** Bytes of a value that may be a part of a card number. Fewer have fewer digits than the first six. */
const FEWEST_HIDDEN = 3

/** Tags with an application identifier, and its beginning. One of so few bytes has no card number. */
const APPLICATIONS: readonly string[] = ['4F', '84', '9F06']
const APPLICATION = /^A00000[0-9A-F]{2,12}$/

/** Digits as of a card number, with what is behind the separator of a track. */
const CARD_IN_HEX = /\d{13,}(?:D[0-9A-F]*)?/g

function shownValue({ tag, value, why }: TlvElement): string {
  const hex = toHex(value)
  if (SECRET_TAGS.includes(tag)) {
    const [, number] = /^(\d{13,19})F?$/.exec(tag === '5A' ? hex : '') ?? []
    return number === undefined ? '*'.repeat(hex.length) : maskPan(number)
  }
  const text = decodeText(value, 'ascii')
  const masked = maskPrintable(text, value.length)
  const isText = !masked.startsWith('(')
  // A card number in characters.
  if (isText && masked !== text && !TEXT_TAGS.includes(tag)) return '*'.repeat(hex.length)
  if (TAG_NAMES[tag] === undefined || why !== undefined) return maskText(hex)
  if (TEXT_TAGS.includes(tag) && isText) return masked
  if (APPLICATIONS.includes(tag) && APPLICATION.test(hex)) return hex
  return hex.replace(CARD_IN_HEX, (run) => {
    const [number = ''] = run.split('D')
    return maskPan(number) + '*'.repeat(run.length - number.length)
  })
}

/** `9F36 application transaction counter: 031E`. A constructed tag has its tags in braces. */
function textOf({ tag, at, name, value, why, tags }: ShownTag): string {
  const title = name === undefined ? tag : `${tag} ${name}`
  const shown = value === '' ? '' : `: ${value}`
  const content = tags === undefined ? shown : ` { ${tags.map(textOf).join(', ')} }`
  return `${title}${content}${why === undefined ? '' : ` (byte ${at}: ${why})`}`
}
