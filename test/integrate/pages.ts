/** @module Parts of a page of docs/integrate for tests: tables, code blocks, links, curl commands. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FOLDER } from './generated.ts'

export const readPage = (path: string): string => readFileSync(join(FOLDER, path), 'utf8')

const unquoted = (cell: string): string => cell.trim().replace(/^`([^`]*)`$/, '$1')

/** Rows of the table with the head line `head`, as cells without their backticks. */
export function tableRows(page: string, head: string): string[][] {
  const lines = page.split('\n')
  const at = lines.indexOf(head)
  if (at < 0) throw new Error(`no table "${head}"`)
  const rest = lines.slice(at + 2)
  const end = rest.findIndex((line) => !line.startsWith('|'))
  return rest.slice(0, end < 0 ? undefined : end).map((line) => line.slice(1, -1).split('|').map(unquoted))
}

export const codeBlocks = (page: string, language: string): string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text)

/** Targets of links, without those to other places of the repository or the web. */
export const innerLinks = (page: string): string[] =>
  [...page.matchAll(/\]\(([^)#\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))

export interface CurlCommand {
  readonly method: string
  readonly path: string
  readonly body: string
}

/** The JSON request of a curl command: its method, path and data. */
export function curlOf(command: string): CurlCommand {
  const [, method = ''] = /-X (\w+)/.exec(command) ?? []
  const [, path = ''] = /"\$URL(\/[^"]*)"/.exec(command) ?? []
  const [, body = ''] = /-d '([^']*)'/.exec(command) ?? []
  return { method, path, body }
}
