/** @module A refusal: its field 39, its HTTP status, its words and its next step. */

export const DO_NEXT = [
  'print_receipt',
  'query',
  'reverse',
  'sign_on',
  'ask_supervisor',
  'refund',
  'contact_acquirer',
  'retry',
  'nothing',
] as const
export type DoNext = (typeof DO_NEXT)[number]

export interface Refusal {
  /** Field 39, two characters (protocol.md §6). */
  readonly responseCode: string
  readonly httpStatus: 400 | 401 | 403 | 404 | 409 | 422 | 503
  readonly zh: string
  readonly en: string
  readonly adviceZh: string
  readonly adviceEn: string
  readonly doNext: DoNext
}

export const decline = (
  responseCode: string,
  httpStatus: Refusal['httpStatus'],
  zh: string,
  en: string,
  adviceZh: string,
  adviceEn: string,
  doNext: DoNext,
): Refusal => ({ responseCode, httpStatus, zh, en, adviceZh, adviceEn, doNext })
