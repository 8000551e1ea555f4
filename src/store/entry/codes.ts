/**
 * @module The names that a body has as codes, and the values that format 2 derives. All of it belongs to the format: it
 * stays as it is when the service changes. New names come at the end of their list.
 */

import type { EntryKind } from '../../domain/types.ts'
import { codeForm } from './values.ts'

/** Milliseconds from a claim or a reversal to its usual deadline. */
export const USUAL_DEADLINE_MS = 180_000

/** Milliseconds from a give-up to the usual next try. */
export const USUAL_NEXT_TRY_MS = 40_000

/** Minutes that the usual local time is ahead of UTC. */
export const USUAL_UTC_OFFSET = 480

/** The usual settings of a merchant. */
export const USUAL_MERCHANT = {
  status: 'active',
  timeZone: 'Asia/Shanghai',
  cutOff: '23:00',
  currencyCode: '156',
} as const

/** Reason → its usual field 39. The code of a reason is its place in this table. */
export const REASON_CODES: Readonly<Record<string, string>> = {
  unsupported_transaction: '40',
  terminal_unknown: '97',
  merchant_unknown: '03',
  terminal_not_allowed: '58',
  key_not_established: '77',
  mac_mismatch: 'A0',
  format_error: '30',
  key_reused_with_different_content: '94',
  message_reversed: '12',
  batch_mismatch: '77',
  original_not_found: '25',
  merchant_differs: '25',
  terminal_differs: '25',
  reference_differs: '25',
  card_differs: '14',
  original_not_approved: '12',
  original_reversed: '25',
  original_already_voided: '12',
  outcome_pending: '09',
  original_settled: '12',
  reversal_too_late: '22',
  window_expired: '12',
  amount_differs: '64',
  currency_differs: 'A1',
  issuer_declined: '05',
  insufficient_funds: '51',
  card_expired: '54',
  pin_incorrect: '55',
  limit_exceeded: '61',
  issuer_unavailable: '91',
  acquirer_silent: '68',
  in_progress: '09',
  not_recorded: '96',
  message_archived: '94',
  reversal_too_old: '22',
  approval_required: '58',
  reason_required: '30',
}

/** The usual fields of a terminal's request, by the kind of its entry. */
interface UsualFields {
  readonly mti: string
  readonly processingCode: string | undefined
  /** Field 60.1. */
  readonly transactionType: string
  /** Field 60.3. */
  readonly networkManagementCode: string
}

const ofSale = { processingCode: '000000', transactionType: '22', networkManagementCode: '000' } as const
const ofVoid = { processingCode: '200000', transactionType: '23', networkManagementCode: '000' } as const

export const USUAL_FIELDS: Readonly<Partial<Record<EntryKind, UsualFields>>> = {
  sale: { mti: '0200', ...ofSale },
  sale_claim: { mti: '0200', ...ofSale },
  void: { mti: '0200', ...ofVoid },
  void_claim: { mti: '0200', ...ofVoid },
  sale_reversal: { mti: '0400', ...ofSale },
  void_reversal: { mti: '0400', ...ofVoid },
  settlement: {
    mti: '0500',
    processingCode: undefined,
    transactionType: '00',
    networkManagementCode: '201',
  },
  upload_end: {
    mti: '0320',
    processingCode: undefined,
    transactionType: '00',
    networkManagementCode: '202',
  },
}

/** The kinds. The code of its kind is the second value of a body. */
export const CODED_KINDS = codeForm('kind', [
  'sale',
  'void',
  'sale_claim',
  'void_claim',
  'give_up',
  'acquirer_undone',
  'case',
  'case_closed',
  'acquirer_only',
  'sale_reversal',
  'void_reversal',
  'settlement',
  'upload_end',
  'provision',
  'merchant',
  'api_key',
  'case_note',
])
export const CODED_REASONS = codeForm('reason', Object.keys(REASON_CODES))
export const CODED_DOORS = codeForm('door', ['terminal', 'json'])
export const CODED_CHANNELS = codeForm('channel', ['pos', 'api', 'cron', 'cli'])
export const CODED_ENCODINGS = codeForm('text encoding', ['gbk', 'ascii'])
export const CODED_SALE_STATES = codeForm('state of a sale', ['approved', 'declined'])
export const CODED_STATES = codeForm('state', [
  'pending',
  'undoing',
  'approved',
  'declined',
  'reversing',
  'reversed',
])
export const CODED_STATUSES = codeForm('acquirer status', ['approved', 'declined', 'reversed', 'absent'])
export const CODED_CASES = codeForm('case reason', [
  'no_answer',
  'reversal_refused',
  'record_differs',
  'only_acquirer',
  'not_recorded',
])
export const CODED_MESSAGES = codeForm('kind of a message', ['sale', 'void'])
export const CODED_RESOLUTIONS = codeForm('resolution', ['stands', 'undone'])
export const CODED_VOID_REASONS = codeForm('void reason', [
  'customer_changed_mind',
  'operator_error',
  'duplicate',
  'system_error',
])
export const CODED_REVERSALS = codeForm('kind of a reversal', ['reversed', 'tombstone'])
export const CODED_BATCHES = codeForm('state of a batch', ['open', 'closed'])
export const CODED_MERCHANTS = codeForm('state of a merchant', ['active', 'closed'])
export const CODED_TERMINALS = codeForm('state of a terminal', ['active', 'blocked', 'stolen', 'retired'])
export const CODED_PROFILES = codeForm('MAC profile', [
  'cup-ecb',
  'cup-ecb-16',
  'x9.9',
  'x9.19',
  'x9.19-bin4',
  'x9.19-hex4',
  'cup-sm4',
  'xor-3des',
  'cup-sm4-bin',
])
export const CODED_SCOPES = codeForm('scopes', [
  'read',
  'sales:write',
  'voids:write',
  'terminals:write',
  'admin',
])
export const CODED_LATE_REVERSALS = codeForm('late reversals', ['allow', 'refuse'])
export const CODED_SETTLEMENT_MACS = codeForm('settlement MAC', ['optional', 'required'])
export const CODED_TEXTS = codeForm('length of texts', ['short', 'long'])
export const CODED_PADDINGS = codeForm('pad nibble', ['0', 'F'])
export const CODED_ENTRY_MODES = codeForm('side of field 22', ['left', 'right'])
export const CODED_CARD_CHECKS = codeForm('card check', ['none', 'luhn'])
export const CODED_VOID_FORMS = codeForm('forms of a void', ['strict', 'lenient'])
