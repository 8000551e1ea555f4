/** @module The whole grid of crash points, on several threads. */

import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { ACQUIRERS, type Cell, MODES, type Mode, PLAY_NAMES } from './crash-points.ts'
import { ended } from './threads.ts'

export type Names = Pick<Cell, 'play' | 'acquirer' | 'mode'>

export interface Row extends Names {
  readonly boundaries: number
  readonly cells: number
  readonly violations: readonly string[]
}

const ROWS: readonly Names[] = ACQUIRERS.flatMap((acquirer) =>
  PLAY_NAMES.flatMap((play) => MODES.map((mode) => ({ acquirer, play, mode }))),
)

export interface GridOptions {
  readonly threads: number
  readonly modes?: readonly Mode[]
}

/** Runs the rows of these modes. Returns them in the order of the grid. */
export async function runGrid(
  module: WebAssembly.Module,
  { threads, modes = MODES }: GridOptions,
): Promise<Row[]> {
  const done: Row[] = []
  const chosen = ROWS.filter(({ mode }) => modes.includes(mode))
  const each = Array.from({ length: threads }, (_, i) => {
    const rows = chosen.filter((_, at) => at % threads === i)
    const worker = new Worker(join(import.meta.dirname, 'grid-thread.ts'), {
      workerData: { module, rows },
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    worker.on('message', (row: Row) => done.push(row))
    return ended(worker)
  })
  await Promise.all(each)
  const place = ({ acquirer, play, mode }: Names) =>
    ROWS.findIndex((row) => row.acquirer === acquirer && row.play === play && row.mode === mode)
  return done.sort((a, b) => place(a) - place(b))
}

const inColumns = (cells: readonly (string | number)[]): string =>
  cells.map((cell, i) => (i === 0 ? String(cell).padEnd(34) : String(cell).padStart(12))).join('')

/** One line per play and acquirer: boundaries and cells in each mode. */
export function tableOf(rows: readonly Row[]): string {
  const lines = [inColumns(['', ...MODES.map((mode) => `${mode}`), 'cells', 'violations'])]
  for (const acquirer of ACQUIRERS)
    for (const play of PLAY_NAMES) {
      const mine = rows.filter((row) => row.acquirer === acquirer && row.play === play)
      const cells = mine.reduce((sum, row) => sum + row.cells, 0)
      const wrong = mine.reduce((sum, row) => sum + row.violations.length, 0)
      lines.push(
        inColumns([`${acquirer}: ${play}`, ...mine.map(({ boundaries }) => boundaries), cells, wrong]),
      )
    }
  const all = rows.reduce((sum, row) => sum + row.cells, 0)
  const wrong = rows.reduce((sum, row) => sum + row.violations.length, 0)
  return [...lines, inColumns(['all', '', '', '', all, wrong])].join('\n')
}
