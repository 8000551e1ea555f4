/**
 * @module The README for tests: its blocks, its commands in a shell against a test's own server, and output
 * with masked ids.
 */

import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

const root = join(import.meta.dirname, '../..')

export const README = readFileSync(join(root, 'README.md'), 'utf8')

/** The fenced blocks of a language, in order. */
export const blocksOf = (language: string): string[] =>
  [...README.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, text = '']) => text,
  )

const [twoCommands = '', start = '', voidByCurl = '', voidByTerminal = ''] = blocksOf('sh')
const [, demoOutput = '', terminalOutput = ''] = blocksOf('text')
const [voidBody = ''] = blocksOf('json')

/** The commands that a reader copies into a shell. */
export const COMMANDS = { twoCommands, start, voidByCurl, voidByTerminal }

/** The output in the README. */
export const SHOWN = { demoOutput, terminalOutput, voidBody }

/** Ids, random numbers, times and durations → their names. */
const MASKS: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'],
  [/\b[0-9a-f]{32}\b/g, 'ID'],
  [/\bD[A-Z2-9]{7}\b/g, 'TERMINAL'],
  [/\b\d{12}\b/g, 'RRN'],
  [/(?<=auth |"authorizationCode": "|授权标识应答码: )\d{6}/g, 'CODE'],
  [/(?<=报文鉴别码: )[0-9A-F]{16}/g, 'MAC'],
  [/\b\d+(?:\.\d+)? (?=ms|s\b)/g, 'N '],
]

export const masked = (text: string): string =>
  MASKS.reduce((current, [pattern, name]) => current.replace(pattern, name), text)

/** Lines of `shown` that `output` does not have, or not in this order. Ids do not count. */
export function missingLines(shown: string, output: string): string[] {
  const lines = masked(output).split('\n')
  let from = 0
  return masked(shown.trimEnd())
    .split('\n')
    .filter((line) => {
      const at = lines.indexOf(line, from)
      if (at >= 0) from = at + 1
      return at < 0
    })
}

/** A server of a test. */
export interface TestServer {
  readonly url: string
  /** The folder of its database. */
  readonly folder: string
}

const hasCurl = spawnSync('curl', ['--version']).status === 0
const BY_FETCH = `"${process.execPath}" "${join(import.meta.dirname, 'curl-by-fetch.ts')}"`
const BY_CURL = "command curl -sS -w '\\n%{http_code}\\n'"

/**
 * Runs commands of the README in `sh`, with `npm` in its own folder, and returns stdout. `curl` prints the
 * status after the body. `fetch` replaces it on request or when curl is missing. Throws when a command fails.
 */
export async function inShell(commands: string, server: TestServer, client: 'curl' | 'fetch' = 'curl') {
  const { annul } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts
  const scripts = { annul: annul.replace('src/', `${root}/src/`) }
  writeFileSync(join(server.folder, 'package.json'), JSON.stringify({ private: true, scripts }))
  const toServer = commands
    .replace('annul -- env', `annul -- env --persist-to ${server.folder}`)
    .replace('.annul/dev.json', `${server.folder}/dev.json`)
    .replace('terminal "$@"', `terminal "$@" --url ${server.url}/unp/webtrans/WPOS`)
  const curl = client === 'curl' && hasCurl ? BY_CURL : BY_FETCH
  return run(`set -e\ncurl() { ${curl} "$@"; }\n${toServer}`, server)
}

function run(script: string, { url, folder }: TestServer): Promise<string> {
  const path = [dirname(process.execPath), process.env.PATH].join(delimiter)
  const env = { ...process.env, PATH: path, NO_COLOR: '1', ANNUL_URL: url }
  const child = spawn('sh', ['-c', script], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      if (code === 0) resolve(stdout)
      else reject(new Error(`exit code ${code}: ${stdout}${stderr}`))
    })
  })
}
