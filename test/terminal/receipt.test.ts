import { expect, test } from 'vitest'
import { toHex } from '../../src/iso8583/hex.ts'
import { encodeText } from '../../src/iso8583/text.ts'
import { receipt, widthOf, yuan } from '../../src/terminal/receipt.ts'
import { goldenMessage } from './golden.ts'

const PAPER = { merchantName: '示例商店', operator: '01', year: '2026', test: true }
const sent = goldenMessage('5-void-req')
const received = goldenMessage('6-void-resp')

test('prints the void in 中文', () => {
  expect(receipt(sent, received, PAPER, 'zh')).toMatchInlineSnapshot(`
    [
      "             签购单",
      "            商户存根",
      "--------------------------------",
      "商户名称:               示例商店",
      "商户编号:        123456789012345",
      "终端编号:               12345678",
      "操作员号:                     01",
      "发卡机构:               03080000",
      "收单机构:               00001234",
      "卡号:        622500******0014 /I",
      "卡组织:                      CUP",
      "交易类型:               消费撤销",
      "批次号:                   000007",
      "凭证号:                   000003",
      "授权码:                   654321",
      "参考号:             101800000003",
      "日期时间:    2026/06/01 10:18:00",
      "金额:                 RMB -12.34",
      "--------------------------------",
      "备注:",
      "原凭证号:                 000002",
      "原参考号:           101530000002",
      "持卡人签名:",
      "",
      "________________________________",
      "       测试交易 不作凭证",
    ]
  `)
})

test('prints the void in English', () => {
  expect(receipt(sent, received, { ...PAPER, merchantName: 'Example' }, 'en')).toMatchInlineSnapshot(`
    [
      "           SALES SLIP",
      "         MERCHANT COPY",
      "--------------------------------",
      "MERCHANT:                Example",
      "MERCHANT NO:     123456789012345",
      "TERMINAL NO:            12345678",
      "OPERATOR:                     01",
      "ISSUER:                 03080000",
      "ACQUIRER:               00001234",
      "CARD NO:     622500******0014 /I",
      "CARD ORG:                    CUP",
      "TRANS TYPE:                 VOID",
      "BATCH NO:                 000007",
      "VOUCHER NO:               000003",
      "AUTH NO:                  654321",
      "REFER NO:           101800000003",
      "DATE/TIME:   2026/06/01 10:18:00",
      "AMOUNT:               RMB -12.34",
      "--------------------------------",
      "REMARK:",
      "ORIG VOUCHER NO:          000002",
      "ORIG REFER NO:      101530000002",
      "CARDHOLDER SIGNATURE:",
      "",
      "________________________________",
      "      TEST - NOT A RECEIPT",
    ]
  `)
})

test('masks the card number in every field', () => {
  for (const language of ['zh', 'en'] as const)
    expect(receipt(sent, received, PAPER, language).join('\n')).not.toContain('6225000000000014')
})

test('prints the texts of field 63 as the remark', () => {
  const text = new Uint8Array(63).fill(0x20)
  text.set(encodeText('CUP', 'ascii', 3))
  text.set(encodeText('请保管好此凭证', 'gbk', 20), 43)
  const answer = { ...received, fields: new Map([...received.fields, [63, toHex(text)]]) }
  expect(receipt(sent, answer, PAPER, 'zh')).toContain('请保管好此凭证')
})

test('prints a sale without original and without sign', () => {
  const lines = receipt(goldenMessage('3-sale-req'), goldenMessage('4-sale-resp'), PAPER, 'en')
  expect(lines.join('\n')).not.toContain('ORIG')
  expect(lines.join('\n')).toMatch(/RMB 12\.34/)
})

test('prints no line wider than the paper', () => {
  for (const language of ['zh', 'en'] as const)
    for (const line of receipt(sent, received, PAPER, language)) expect(widthOf(line)).toBeLessThanOrEqual(32)
})

test.each([
  ['000000000001', '0.01'],
  ['000000001234', '12.34'],
  ['999999999999', '9999999999.99'],
])('prints %s fen as %s yuan', (fen, expected) => expect(yuan(fen)).toBe(expected))
