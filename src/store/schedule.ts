/**
 * @module The statements that apply a set of entries. Several entries of one terminal may change one row, and the last one counts.
 * So the writes of a row keep the order of their entries, in as few statements as that allows.
 */

/** One row to write. */
export interface Write<Row> {
  /** The place of its step among the steps. */
  readonly step: number
  /** The row that it changes, and rows of other tables that depend on it. */
  readonly targets: readonly string[]
  readonly row: Row
}

/** The rows of one statement. */
export interface Scheduled<Row> {
  readonly step: number
  readonly rows: readonly Row[]
}

/**
 * Schedules the writes, in the order of their entries. `takesCopies`: whether one statement of the step may change a row twice. An
 * insert with `on conflict do update` may, and applies its rows in order. `update … from` applies only one of them.
 */
export function schedule<Row>(
  writes: readonly Write<Row>[],
  takesCopies: (step: number) => boolean,
): Scheduled<Row>[] {
  const statements: { step: number; rows: Row[] }[] = []
  /** The last statement that changes a row. */
  const lastOf = new Map<string, number>()
  /** The first statement that may have the write, because of one target. */
  const firstFor = (target: string, step: number): number => {
    const last = lastOf.get(target) ?? -1
    return last >= 0 && !(statements[last]?.step === step && takesCopies(step)) ? last + 1 : last
  }
  for (const { step, targets, row } of writes) {
    const from = Math.max(...targets.map((target) => firstFor(target, step)))
    let at = statements.findIndex((statement, i) => i >= from && statement.step === step)
    if (at < 0) at = statements.push({ step, rows: [] }) - 1
    statements[at]?.rows.push(row)
    for (const target of targets) lastOf.set(target, at)
  }
  return statements
}
