/** @module Refusals of late reversals, and of requests without a reason (late-reversal.ts). */

import { decline, type Refusal } from './refusal.ts'

export const LATE_REFUSALS = {
  // The void is not reversed, so the code is none of those that a terminal takes as reversed.
  reversal_too_old: decline(
    '22',
    409,
    '撤销已久不能冲正',
    'Void too old',
    '撤销仍然有效，请联系收单机构',
    'The void stands: call the acquirer',
    'contact_acquirer',
  ),
  approval_required: decline(
    '58',
    403,
    '需主管授权',
    'Approval required',
    '撤销已久，请由主管授权后冲正',
    'The void is old: ask a supervisor to reverse it',
    'ask_supervisor',
  ),
  reason_required: decline(
    '30',
    422,
    '须填写原因',
    'Reason required',
    '请填写原因后重做',
    'Give a reason, then do it again',
    'nothing',
  ),
} as const satisfies Record<string, Refusal>
