import type { LoadReport } from './report.ts'

export const pageOf = (reports: readonly LoadReport[]): string => JSON.stringify(reports)
