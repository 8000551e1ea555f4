/**
 * @module The statements that apply a set of entries. Several entries of one terminal may change one row, and the last one counts. An
 * insert may also need an earlier change: a sale has one live void. So writes that meet keep the order of their entries, in as few
 * statements as that allows.
 */

/** One row to write. */
export interface Write<Row> {
  /** The place of its step among the steps. */
  readonly step: number
  /** The table and the terminal. */
  readonly stream: string
  /** The row of the table that it changes. */
  readonly target: string
  /** The unique values of an inserted row, besides its key. */
  readonly unique: readonly string[]
  /** Rows of other tables that it meets, with their streams. */
  readonly meets?: readonly string[]
  readonly row: Row
}

/** The rows of one statement. */
export interface Scheduled<Row> {
  readonly step: number
  readonly rows: readonly Row[]
}

interface Statement<Row> extends Scheduled<Row> {
  readonly rows: Row[]
  readonly targets: Set<string>
}

/**
 * Schedules the writes, in the order of their entries. `isUpdate`: whether a step is an `update`. One statement of it may change a row
 * once, because `update … from` applies only one of two. An insert with `on conflict do update` applies all, in order.
 *
 * Writes meet in a row, or in a unique value. An update does not name the unique values of its row. They are known if the set
 * inserts that row. Otherwise each later insert of the stream comes after the update, which may have freed its value.
 */
export function schedule<Row>(
  writes: readonly Write<Row>[],
  isUpdate: (step: number) => boolean,
): Scheduled<Row>[] {
  const statements: Statement<Row>[] = []
  /** The last statement that writes a row or a unique value. */
  const lastOf = new Map<string, number>()
  const uniqueOf = new Map<string, readonly string[]>()
  for (const { step, stream, target, unique, meets: others = [], row } of writes) {
    const updates = isUpdate(step)
    const nameOf = (value: string): string => `${stream} ${value}`
    const older = nameOf('rows of before the set')
    if (!updates) uniqueOf.set(nameOf(target), unique.map(nameOf))
    const meets = [nameOf(target), ...(uniqueOf.get(nameOf(target)) ?? [older]), ...others]
    const from = Math.max(...[...meets, older].map((name) => lastOf.get(name) ?? 0))
    let at = statements.findIndex(
      (one, i) => i >= from && one.step === step && !(updates && one.targets.has(target)),
    )
    if (at < 0) at = statements.push({ step, rows: [], targets: new Set() }) - 1
    statements[at]?.rows.push(row)
    statements[at]?.targets.add(target)
    for (const name of meets) lastOf.set(name, at)
  }
  return statements
}
