/** @module The whole mapping of reasons as a table, so that a change shows, and the space for their texts. */

import { readFileSync } from 'node:fs'
import iconv from 'iconv-lite'
import { describe, expect, it } from 'vitest'
import { type DeclineReason, REFUSALS, refusalOf } from '../../src/domain/decline-reason.ts'

const reasons = Object.keys(REFUSALS) as DeclineReason[]

it('reason → field 39, HTTP status, next action, texts', () => {
  const table = reasons.map((reason) => {
    const { responseCode, httpStatus, doNext, zh, en } = refusalOf(reason)
    return `${reason} | ${responseCode} | ${httpStatus} | ${doNext} | ${zh} | ${en}`
  })
  expect(`\n${table.join('\n')}\n`).toMatchInlineSnapshot(`
    "
    unsupported_transaction | 40 | 422 | contact_acquirer | 不支持该交易 | Not supported
    terminal_unknown | 97 | 404 | contact_acquirer | 终端未登记 | Terminal unknown
    merchant_unknown | 03 | 404 | contact_acquirer | 商户无效 | Merchant unknown
    terminal_not_allowed | 58 | 403 | contact_acquirer | 终端已停用 | Terminal not allowed
    key_not_established | 77 | 409 | sign_on | 请先签到 | Sign on first
    mac_mismatch | A0 | 401 | sign_on | 校验错 | MAC error
    format_error | 30 | 400 | contact_acquirer | 报文格式错 | Format error
    key_reused_with_different_content | 94 | 422 | query | 流水号重复 | Duplicate trace
    message_reversed | 12 | 409 | nothing | 该笔已冲正 | Already reversed
    message_archived | 94 | 409 | contact_acquirer | 该笔已归档 | Archived
    batch_mismatch | 77 | 409 | sign_on | 批次不符请签到 | Batch mismatch
    original_not_found | 25 | 404 | query | 未找到原交易 | Original not found
    merchant_differs | 25 | 404 | query | 未找到原交易 | Original not found
    terminal_differs | 25 | 409 | contact_acquirer | 非本终端交易 | Other terminal
    reference_differs | 25 | 409 | query | 参考号不符 | Reference differs
    card_differs | 14 | 409 | nothing | 卡号与原交易不符 | Card differs
    original_not_approved | 12 | 409 | nothing | 原交易未成功 | Sale not approved
    original_reversed | 25 | 409 | nothing | 原交易已冲正 | Sale was reversed
    original_already_voided | 12 | 409 | query | 原交易已撤销 | Already voided
    outcome_pending | 09 | 409 | query | 原交易结果待定 | Outcome pending
    original_settled | 12 | 409 | refund | 原交易已结算 | Already settled
    reversal_too_late | 22 | 409 | contact_acquirer | 已结算不能冲正 | Too late to reverse
    window_expired | 12 | 409 | refund | 已过撤销时限 | Void window over
    amount_differs | 64 | 422 | refund | 金额与原交易不符 | Amount differs
    currency_differs | A1 | 422 | nothing | 币种不符 | Currency differs
    reversal_too_old | 22 | 409 | contact_acquirer | 撤销已久不能冲正 | Void too old
    approval_required | 58 | 403 | ask_supervisor | 需主管授权 | Approval required
    reason_required | 30 | 422 | nothing | 须填写原因 | Reason required
    issuer_declined | 05 | 409 | nothing | 发卡行不予承兑 | Do not honour
    insufficient_funds | 51 | 409 | nothing | 余额不足 | Insufficient funds
    card_expired | 54 | 409 | nothing | 卡已过期 | Card expired
    pin_incorrect | 55 | 409 | nothing | 密码错误 | Wrong PIN
    limit_exceeded | 61 | 409 | nothing | 超出金额限制 | Over the limit
    issuer_unavailable | 91 | 409 | nothing | 发卡行暂不可用 | Issuer unavailable
    acquirer_silent | 68 | 409 | nothing | 收单机构未应答 | No acquirer answer
    not_recorded | 96 | 409 | contact_acquirer | 系统无法记账 | Cannot be recorded
    in_progress | 09 | 409 | retry | 正在处理 | In progress
    "
  `)
})

it('reason → advice', () => {
  const table = reasons.map((reason) => {
    const { adviceZh, adviceEn } = refusalOf(reason)
    return `${reason} | ${adviceZh} | ${adviceEn}`
  })
  expect(`\n${table.join('\n')}\n`).toMatchInlineSnapshot(`
    "
    unsupported_transaction | 请改用其他交易或联系收单机构 | Use another transaction or call the acquirer
    terminal_unknown | 请联系收单机构登记终端 | Ask the acquirer to register this terminal
    merchant_unknown | 请核对商户号或联系收单机构 | Check the merchant number or call the acquirer
    terminal_not_allowed | 该终端不可交易，请联系收单机构 | This terminal may not transact: call the acquirer
    key_not_established | 请签到后重新交易 | Sign on, then do the transaction again
    mac_mismatch | 请签到后重新交易 | Sign on, then do the transaction again
    format_error | 请联系终端维护人员 | Call the terminal maintainer
    key_reused_with_different_content | 流水号已用于另一笔，请核对后重做 | Trace number used for something else: check and redo
    message_reversed | 本笔无效，如需请以新流水号重做 | This one has no effect: redo with a new trace number
    message_archived | 不得重做，请向收单机构查询结果 | Do not redo it: ask the acquirer for its outcome
    batch_mismatch | 请签到更新批次号后重新交易 | Sign on for the batch number, then redo
    original_not_found | 请核对原凭证号和参考号 | Check the original voucher and reference number
    merchant_differs | 请核对原凭证号和参考号 | Check the original voucher and reference number
    terminal_differs | 请在原终端撤销 | Void it on the terminal that made the sale
    reference_differs | 请核对参考号和授权码 | Check the reference number and authorisation code
    card_differs | 请使用原交易的卡 | Use the card of the original sale
    original_not_approved | 未扣款，无需撤销 | Nothing was charged: there is nothing to void
    original_reversed | 款项已冲正，无需撤销 | The sale was already reversed: nothing to void
    original_already_voided | 请勿重复撤销，可查询原撤销 | Do not void again: look up the first void
    outcome_pending | 上一笔结果未定，请稍后查询再做 | An outcome is not known yet: query it, then try again
    original_settled | 不能撤销，请由收单机构办理退货 | Cannot void: ask the acquirer for a refund
    reversal_too_late | 冲正未成功，请联系收单机构 | Not reversed: call the acquirer
    window_expired | 不能撤销，请由收单机构办理退货 | Cannot void: ask the acquirer for a refund
    amount_differs | 金额须与原交易相同；部分请办退货 | Use the full original amount; for a part, refund
    currency_differs | 请使用商户及原交易的币种 | Use the currency of the merchant and of the sale
    reversal_too_old | 撤销仍然有效，请联系收单机构 | The void stands: call the acquirer
    approval_required | 撤销已久，请由主管授权后冲正 | The void is old: ask a supervisor to reverse it
    reason_required | 请填写原因后重做 | Give a reason, then do it again
    issuer_declined | 请持卡人联系发卡行 | The cardholder should call the issuer
    insufficient_funds | 请更换卡片 | Use another card
    card_expired | 请更换卡片 | Use another card
    pin_incorrect | 请重新输入密码 | Enter the PIN again
    limit_exceeded | 请更换卡片 | Use another card
    issuer_unavailable | 请稍后重做 | Try again later
    acquirer_silent | 未撤销未扣款，请重做 | It did not happen: do it again
    not_recorded | 本笔未成功，请联系收单机构 | It did not happen: call the acquirer
    in_progress | 请稍候再试 | Wait a moment and try again
    "
  `)
})

describe.each(reasons)('%s', (reason) => {
  const { responseCode, zh, en, adviceZh, adviceEn } = refusalOf(reason)

  it('has a field 39 that is not an approval', () => {
    expect(responseCode).toMatch(/^[0-9A-Z]{2}$/)
    expect(responseCode).not.toBe('00')
  })

  it('has texts that fit field 63: 20 bytes, and 60 for the advice', () => {
    for (const [text, size] of [
      [zh, 20],
      [adviceZh, 60],
    ] as const) {
      const bytes = iconv.encode(text, 'gbk')
      expect(iconv.decode(bytes, 'gbk')).toBe(text)
      expect(bytes.length).toBeLessThanOrEqual(size)
      expect(bytes.length).toBeGreaterThan(0)
    }
    for (const [text, size] of [
      [en, 20],
      [adviceEn, 60],
    ] as const) {
      expect(text).toMatch(/^[ -~]+$/)
      expect(text.length).toBeLessThanOrEqual(size)
    }
  })
})

it('gives each reason its own text, except reasons that must look the same', () => {
  const answered = reasons.filter((reason) => reason !== 'merchant_differs')
  for (const language of ['zh', 'en'] as const)
    expect(new Set(answered.map((reason) => refusalOf(reason)[language])).size).toBe(answered.length)
  expect(refusalOf('merchant_differs')).toEqual(refusalOf('original_not_found'))
})

it('lists the reasons in the order of the void’s guards', () => {
  const source = readFileSync('src/domain/decide-void.ts', 'utf8')
  const guardOrder = [...source.matchAll(/return '(\w+)'/g)].map(([, reason]) =>
    reasons.indexOf(reason as DeclineReason),
  )
  expect(guardOrder.length).toBeGreaterThan(12)
  expect(guardOrder).not.toContain(-1)
  expect(guardOrder).toEqual(guardOrder.toSorted((a, b) => a - b))
})
