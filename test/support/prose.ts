/** @module A Markdown page as sentences: without code, pictures and addresses. */

/** Replaces a piece of inline code by one word. */
export const CODE = 'CODE'

/** A line that starts its own paragraph: a heading, an item of a list, a row of a table. */
const OPENS = /^\s*(?:#{1,6} |[-*+] |\d+\. |\|)/

/** Without fenced and indented code, and comments. */
function withoutBlocks(page: string): string {
  const lines = page.replace(/<!--[\s\S]*?-->/g, '').split('\n')
  let fence: string | undefined
  let previous = ''
  let isInCode = false
  const kept: string[] = []
  for (const line of lines) {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1]
    if (fence !== undefined) {
      if (mark?.startsWith(fence)) fence = undefined
      kept.push('')
      continue
    }
    if (mark !== undefined) fence = mark
    // Four blanks after an empty line. In a list they only continue an item.
    isInCode = /^ {4,}\S/.test(line) && (isInCode || previous.trim() === '') && !OPENS.test(line)
    kept.push(mark !== undefined || isInCode ? '' : line)
    previous = line
  }
  return kept.join('\n')
}

/** Paragraphs, items, headings and cells, each on one line. */
function blocksOf(page: string): string[] {
  const blocks: string[] = []
  let current = ''
  const close = (): void => {
    if (current.trim() !== '') blocks.push(current.trim())
    current = ''
  }
  for (const line of withoutBlocks(page).split('\n')) {
    if (line.trim() === '' || OPENS.test(line)) close()
    if (/^\s*\|/.test(line)) blocks.push(...cellsOf(line))
    else current += ` ${line.trim()}`
    if (/^#{1,6} /.test(line)) close()
  }
  close()
  return blocks
}

const cellsOf = (row: string): string[] =>
  row
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim())
    .filter((cell) => /\p{L}/u.test(cell))

/** Link texts stay, addresses go. Inline code is one word. */
const inline = (block: string): string =>
  block
    .replace(/^(?:#{1,6} |[-*+] |\d+\. )/, '')
    .replace(/`+[^`]*`+/g, CODE)
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/<?https?:\/\/\S+/g, CODE)
    .replace(/\*\*|__/g, '')
    .replace(/\s+/g, ' ')
    .trim()

const ABBREVIATION = /(?:\b(?:e\.g|i\.e|etc|vs|no|cf)\.)$/i

/** The sentences of a page, in order. */
export function sentencesOf(page: string): string[] {
  return blocksOf(page).flatMap((block) => {
    const sentences: string[] = []
    for (const piece of inline(block).split(/(?<=[.!?][)"”’]?)\s+(?=[\p{Lu}\p{Lo}\p{N}"“(])/u)) {
      const before = sentences.at(-1)
      if (before !== undefined && ABBREVIATION.test(before)) sentences.splice(-1, 1, `${before} ${piece}`)
      else sentences.push(piece)
    }
    return sentences.filter((sentence) => /\p{L}/u.test(sentence))
  })
}

/** The words of a sentence: those with a letter or a digit. */
export const wordsOf = (sentence: string): string[] =>
  sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word))

/** Pieces of inline code of a page, outside its blocks of code. */
export const inlineCodeOf = (page: string): string[] =>
  [...withoutBlocks(page).matchAll(/(?<!`)`([^`\n]+)`(?!`)/g)].map(([, code = '']) => code)

/** The smallest number that at least `share` of the numbers do not exceed, or 0 without numbers. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
}
