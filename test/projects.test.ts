/** @module Every test file has its project, every long proof its two sizes, and every script its projects. */

import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { matchesGlob, posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LONGEST } from './longest.ts'
import { MONEY_PATH } from './money-path.ts'
import { PROJECTS, type Project, type ProjectName, SCRIPTS, WHOLE_ONLY } from './projects.ts'
import { PROOFS } from './proofs.ts'

const read = (path: string): string => readFileSync(path, 'utf8')
const scripts: Readonly<Record<string, string>> = JSON.parse(read('package.json')).scripts

const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .map((name) => `test/${name.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.test.ts'))
  .toSorted()
const PROOF = '.proof.test.ts'
const proofs = files.filter((path) => path.endsWith(PROOF))
const nameOf = (proof: string): string => proof.slice('test/'.length, -PROOF.length)

const includes = (name: ProjectName, path: string): boolean => {
  const { include, exclude }: Project = PROJECTS[name]
  const isIn = (globs: readonly string[]) => globs.some((glob) => matchesGlob(path, glob))
  return isIn(include) && !isIn(exclude)
}

/** The projects that run a file, among those of a script. */
const projectsOf = (script: string, path: string): string[] =>
  (SCRIPTS[script] ?? []).filter((name) => includes(name, path))

describe('a test file', () => {
  it('runs in one project of `npm test`, or in `npm run test:all` alone', () => {
    expect(files.length).toBeGreaterThan(130)
    const isSlow = (path: string) => includes('slow', path)
    const isLate = (path: string) => isSlow(path) || WHOLE_ONLY.includes(path)
    expect(files.filter((path) => projectsOf('test', path).length !== (isLate(path) ? 0 : 1))).toEqual([])
    expect(files.filter((path) => isLate(path) && projectsOf('test:all', path).length !== 1)).toEqual([])
    expect(WHOLE_ONLY.filter((path) => !files.includes(path))).toEqual([])
    expect(files.filter(isSlow).length).toBeGreaterThan(3)
  })

  it('runs in `npm run test:all` if it is a long proof', () => {
    expect(proofs.length).toBeGreaterThan(10)
    const inLong = files.filter((path) => projectsOf('test:all', path).includes('long'))
    expect(inLong).toEqual(proofs)
  })

  it('that is called one of the longest is there', () => {
    expect(LONGEST.filter((path) => !files.includes(path))).toEqual([])
    expect(new Set(LONGEST).size).toBe(LONGEST.length)
  })
})

describe('a long proof', () => {
  it('has a sample, unless it runs whole only, and a larger whole', () => {
    expect(Object.keys(PROOFS)).toEqual(proofs.map(nameOf))
    for (const [name, { sample, whole }] of Object.entries(PROOFS))
      expect([name, sample > 0, sample < whole]).toEqual([
        name,
        !WHOLE_ONLY.includes(`test/${name}${PROOF}`),
        true,
      ])
  })

  it('has its sizes in test/README.md', () => {
    const rows = [...read('test/README.md').matchAll(/^\| `([\w/-]+)` \| (.+) \| ([\d,]+) \| ([\d,]+) \|$/gm)]
    const sized = Object.entries(PROOFS).map(([name, { unit, sample, whole }]) => [
      name,
      unit,
      ...[sample, whole].map((size) => size.toLocaleString('en-US')),
    ])
    expect(rows.map((row) => row.slice(1))).toEqual(sized)
  })

  it('takes its size from the table', () => {
    for (const path of proofs) expect([path, read(path).includes(`'${nameOf(path)}'`)]).toEqual([path, true])
  })
})

describe('a script', () => {
  it('runs the projects that the table names', () => {
    for (const [script, projects] of Object.entries(SCRIPTS)) {
      const named = [...(scripts[script] ?? '').matchAll(/--project (\S+)/g)].map(([, name]) => name)
      expect([script, named]).toEqual([script, projects])
    }
    expect(Object.values(SCRIPTS).flat()).toEqual(expect.arrayContaining(Object.keys(PROJECTS)))
  })

  it('stands with its projects in test/README.md', () => {
    const rows = [...read('test/README.md').matchAll(/^\| `(\w+)` \| .+ \| (`npm .+`) \|$/gm)]
    const scripted = Object.keys(PROJECTS).map((name) => [
      name,
      Object.entries(SCRIPTS)
        .filter(([, projects]) => projects.some((project) => project === name))
        .map(([script]) => (script === 'test' ? '`npm test`' : `\`npm run ${script}\``))
        .join(', '),
    ])
    expect(rows.map((row) => row.slice(1))).toEqual(scripted)
  })

  it('`npm test` and `npm run test:all` are run by CI', () => {
    expect(read('.ci/run').split('\n')).toEqual(expect.arrayContaining(['npm test', 'npm run test:all']))
  })
})

describe('a file of a project', () => {
  /** Every file that a test file loads. Threads are started by path. */
  function loadedBy(path: string): Set<string> {
    const seen = new Set<string>()
    const visit = (file: string): void => {
      if (seen.has(file) || !existsSync(file)) return
      seen.add(file)
      const text = read(file).replace(/^import type .*$/gm, '')
      for (const [, imported, started] of text.matchAll(
        /(?:\bfrom|\bimport\(|^import)\s*'(\.[^']+)'|join\(import\.meta\.dirname, '([^']+\.ts)'\)/gm,
      ))
        visit(posix.join(posix.dirname(file), imported ?? started ?? ''))
    }
    visit(path)
    return seen
  }

  const loading = (project: ProjectName, banned: readonly string[]): string[] => {
    expect(banned.filter((path) => !existsSync(path))).toEqual([])
    return files.filter((path) => includes(project, path) && banned.some((one) => loadedBy(path).has(one)))
  }

  it('of `npm run test:watch` starts no workerd and no command', () => {
    const starters = ['test/cli/run-cli.ts', 'test/rig/workerd.ts', 'test/support/bundle.ts']
    expect(SCRIPTS['test:watch']?.flatMap((name) => loading(name, starters))).toEqual([])
  })

  it('replaces the clock for no other file', () => {
    expect(loading('node', ['test/simulation/platform/globals.ts'])).toEqual([])
    expect([PROJECTS.virtual.isolate, PROJECTS.long.isolate]).toEqual([true, true])
  })
})

describe('paths', () => {
  it('of coverage and of mutation lead to files', () => {
    const stryker: { mutate: readonly string[] } = JSON.parse(read('test/mutation/stryker.json'))
    const mutation = [...read('test/mutation/vitest.config.ts').matchAll(/'(test\/[^']+)'/g)].map(
      ([, glob = '']) => glob,
    )
    const covered = [...(scripts['test:coverage'] ?? '').matchAll(/ (test\/\w+)/g)].map(
      ([, folder]) => `${folder}/**/*.test.ts`,
    )
    expect([mutation.length, covered.length]).toEqual([3, 4])
    const globs = [...MONEY_PATH, ...stryker.mutate, ...mutation, ...covered]
    const paths = globs.flatMap((glob) => expandBraces(glob))
    expect(paths.filter((glob) => globSync(glob).length === 0)).toEqual([])
  })
})

/** `a/{b,c}` as `a/b` and `a/c`, so that each alternative must lead to a file. */
function expandBraces(glob: string): string[] {
  const [, before = '', inside = '', after = ''] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(glob) ?? []
  return inside === '' ? [glob] : inside.split(',').map((one) => `${before}${one}${after}`)
}
