/** @module The terminal of our own shares no code with the service: no file of it leads to `src/`, to a package or to Node. */

import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'

const CLIENT = 'test/support/own-terminal'

/** The imports and exports of a file from elsewhere, static or at run time, with the words before the name. */
function importsOf(path: string): { statement: string; to: string }[] {
  const text = readFileSync(path, 'utf8')
  const pattern = /((?:import|export)\s[^'"`;]*?from|import|require)\s*\(?\s*(['"`])([^'"`]+)\2/g
  return [...text.matchAll(pattern)].map(([, statement = '', , to = '']) => ({ statement, to }))
}

/** All files that the roots lead to, and the imports that are no file of the repository. */
function reachable(roots: readonly string[]): { files: string[]; others: string[] } {
  const files = new Set<string>()
  const others: string[] = []
  const visit = (path: string): void => {
    if (files.has(path)) return
    files.add(path)
    for (const { statement, to } of importsOf(path)) {
      if (to.startsWith('.')) visit(posix.join(posix.dirname(path), to))
      else if (!(to.startsWith('node:') && /^import type\b/.test(statement))) others.push(`${path} → ${to}`)
    }
  }
  for (const root of roots) visit(root)
  return { files: [...files].sort(), others }
}

const roots = readdirSync(CLIENT).map((name) => `${CLIENT}/${name}`)

describe('the terminal of our own', () => {
  it('imports files of test/support/ alone, directly and indirectly', () => {
    const { files, others } = reachable(roots)
    expect(files.filter((path) => !path.startsWith('test/support/'))).toEqual([])
    expect(others).toEqual([])
    expect(files).toEqual(expect.arrayContaining([...roots, 'test/support/micro-des.ts']))
  })

  it('names src/ in no string, and reaches nothing by another way', () => {
    const { files } = reachable(roots)
    for (const path of files) {
      const text = readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
      expect([
        path,
        text.match(/\bsrc\/|globalThis|import\.meta|\bprocess\.|\bFunction\(|\beval\(/g),
      ]).toEqual([path, null])
    }
  })

  it.each([
    ['test/worker/flow.ts', /^src\//, 'a file that imports src/ through another one'],
    ['test/integrate/service.ts', /^src\//, 'a file that imports src/'],
  ])('would notice: %s', (root, pattern) => {
    expect(reachable([root]).files.some((path) => pattern.test(path))).toBe(true)
  })
})
