/** @module The parts of field 60 (transaction type, batch, network management) and of field 61 (the original sale). */

export interface Field60 {
  /** 60.1, n2: 22 sale, 23 void of a sale, 00 management, … */
  readonly transactionType: string
  /** 60.2, n6. */
  readonly batchNumber: string
  /** 60.3, n3; `000` when the field ends before it. */
  readonly networkManagementCode: string
  /** 60.4 and on, as received: read capability n1, IC condition n1, partial authorization n1, account type n3. */
  readonly rest: string
}

export interface OriginalReference {
  /** 61.1, n6. */
  readonly originalBatchNumber: string
  /** 61.2, n6. */
  readonly originalStan: string
  /** 61.3, MMDD; absent when not sent, or when it is 0000 (unknown). */
  readonly originalDate?: string
}

/**
 * The parts of field 60, 8 digits or 11 and more (protocol.md §2.1). Terminals send 8, 11, 12, 13, 14 or 17. Undefined
 * when a part is incomplete.
 */
export function readField60(value: string): Field60 | undefined {
  if (!/^(\d{8}|\d{11,})$/.test(value)) return undefined
  return {
    transactionType: value.slice(0, 2),
    batchNumber: value.slice(2, 8),
    networkManagementCode: value.slice(8, 11) || '000',
    rest: value.slice(11),
  }
}

/**
 * The parts of field 61, 12 digits or 16 and more with the date (protocol.md §2.2). Undefined when a part is
 * incomplete.
 */
export function readField61(value: string): OriginalReference | undefined {
  if (!/^(\d{12}|\d{16,})$/.test(value)) return undefined
  const date = value.slice(12, 16)
  return {
    originalBatchNumber: value.slice(0, 6),
    originalStan: value.slice(6, 12),
    ...(date === '' || date === '0000' ? {} : { originalDate: date }),
  }
}
