/** @module The tables of docs/journal.md, generated from the tables of the code. */

import { CODED_KINDS } from '../../../src/store/entry/codes.ts'
import { ENTRY_TABLES } from '../../../src/store/entry/tables.ts'
import type { ValueForm } from '../../../src/store/entry/values.ts'

export const PAGE = 'docs/journal.md'
const BEGIN = '<!-- generated from src/store/entry: npm run docs -->'
const END = '<!-- end of the generated tables -->'

const heading = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)
const code = (name: string): string => `\`${name}\``

type Table = (typeof ENTRY_TABLES)[number]

function tableText({ name, lines }: Table): string {
  const rows = lines.map(
    ({ name: member, form, bit, derived }) =>
      `| ${code(member)} | ${form.name} | ${bit === 0 ? '' : bit} | ${derived ?? ''} |`,
  )
  return [
    `### ${heading(name)}`,
    '',
    '| member | form | bit | without the bit |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}

/** The codes of every form that a table uses, each once, in the order of their first use. */
export function codedForms(): readonly ValueForm[] {
  const forms = ENTRY_TABLES.flatMap(({ lines }) => lines.map(({ form }) => form))
  return [...new Set([CODED_KINDS, ...forms.filter(({ codes }) => codes !== undefined)])]
}

function codesText(): string {
  const rows = codedForms().map(({ name, codes = [] }) => `| ${name} | ${codes.map(code).join(', ')} |`)
  return ['### Codes', '', '| form | names from code 0 |', '| --- | --- |', ...rows].join('\n')
}

const generated = (): string =>
  [BEGIN, '', ...ENTRY_TABLES.flatMap((table) => [tableText(table), '']), codesText(), '', END].join('\n')

/** The page with its tables as the code has them. */
export function withTables(page: string): string {
  const [before, rest] = page.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error(`${PAGE} has no place for the tables`)
  return before + generated() + after
}
