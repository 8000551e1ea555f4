/** @module `npm run load` on plain workerd, as a user starts it: a run, a storm, and a comparison of both. */

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { root } from '../../src/cli/dev/wrangler.ts'
import { readReport } from './read-report.ts'

const dir = mkdtempSync(join(tmpdir(), 'annul-load-test-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function load(...args: readonly string[]): Promise<Ended> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(root, 'test/load/run.ts'), ...args],
    { cwd: root },
  )
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (data) => {
    stdout += data
  })
  child.stderr.on('data', (data) => {
    stderr += data
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/**
 * The statements of D1 for each distinct message, in a storm as a multiple of those without. The goal is 1.1. Here the machine decides
 * how many messages share a set, so the bound is wider. Without the sharing of copies it would be near ten.
 */
const MOST_STATEMENTS = 1.5

/** Two loads take 20 s on a quiet machine. */
const TIMEOUT_MS = 180_000

it(
  'loads a service, reports it, finds no violation, and puts a storm beside it',
  async () => {
    const [json, html, storm, both] = ['a.json', 'a.html', 'storm.json', 'both.html'].map((name) =>
      join(dir, name),
    )
    const common = ['--terminals', '40', '--rate', '40', '--connections', '16', '--seed', '11']
    const [a = '', page = '', b = '', pages = ''] = [json, html, storm, both]
    const plain = await load(...common, '--duration', '4', '--floors', '4', '--json', a, '--html', page)
    expect([plain.code, plain.stdout]).toEqual([0, expect.stringContaining('\n0 violations')])
    const report = readReport(a)
    expect(report).toMatchObject({ violations: [], violationCount: 0, unknown: 0, lost: 0, arrivals: 160 })
    expect(report.answered).toBeGreaterThanOrEqual(160)
    expect(Object.values(report.checked).every((count) => count > 0)).toBe(true)
    // A warm void makes one trip, and a cold one two: the floors have both.
    expect(Object.keys(report.floors?.alone ?? {})).toEqual(
      expect.arrayContaining(['void, warm', 'void, cold']),
    )
    expect(readFileSync(page, 'utf8')).toContain('data-chart="0"')

    const stormy = await load(...common, '--duration', '3', '--floors', '0', '--storm', '--json', b)
    expect([stormy.code, stormy.stdout]).toEqual([0, expect.stringContaining('\n0 violations')])
    const copies = readReport(b)
    expect(copies.answered).toBeGreaterThan(5 * copies.arrivals)
    expect((copies.d1?.statements ?? 99) / (report.d1?.statements ?? 0)).toBeLessThan(MOST_STATEMENTS)

    const compared = await load('--compare', a, b, '--html', pages)
    expect([compared.code, compared.stdout]).toEqual([0, expect.stringContaining('B ÷ A')])
    expect(readFileSync(pages, 'utf8').match(/<section>/g)).toHaveLength(2)
  },
  TIMEOUT_MS,
)

it('ends with 1 when an objective is missed, with an acquirer behind the service', async () => {
  const args = [
    '--terminals',
    '20',
    '--rate',
    '20',
    '--duration',
    '2',
    '--floors',
    '0',
    '--acquirer',
    'https',
  ]
  const { code, stdout } = await load(...args, '--objective', 'p50=0.01')
  expect([code, stdout]).toEqual([1, expect.stringContaining('missed')])
  expect(stdout).toContain('\n0 violations')
})

it('ends with 2 for a wrong option or a missing folder, before anything starts', async () => {
  const missing = await load('--html', join(dir, 'none', 'a.html'))
  expect(missing).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--html: no folder') })
  expect(await load('--url', 'https://annul.example')).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('--yes-this-is-mine'),
  })
})
