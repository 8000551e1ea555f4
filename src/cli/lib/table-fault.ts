/** @module The result of the audit of a table: the first row that differs. */

export interface TableFault {
  /** The primary key of the first row that differs. */
  readonly key: string
  readonly why: string
}

export interface AuditedTable {
  readonly table: string
  readonly rows: number
  readonly fault: TableFault | null
}

/** The fault with the smallest key. Null without a fault. */
export const firstOf = (faults: readonly TableFault[]): TableFault | null =>
  faults.toSorted((a, b) => (a.key < b.key ? -1 : 1))[0] ?? null
