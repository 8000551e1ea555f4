/**
 * @module The field table of CUP POS messages, as data. No other module contains the encoding of a field.
 *
 * Sources: the Chanjet terminal specification V2.0 (by its own statement the UnionPay POS application specification
 * with marked differences), and captured messages. When no maximum is published, the three-digit prefix is the limit.
 */

import type { Alignment } from './bcd.ts'

/**
 * `n`: digits in packed BCD. `z`: track data in packed nibbles. `an`, `ans`: one printable ASCII character per byte.
 * `b`: bytes, as hex. Fields with GBK (57, 59, 63) or keys (62) are bytes to the codec, so `b`.
 */
export type Format = 'n' | 'an' | 'ans' | 'b' | 'z'

/** `LLVAR`: one BCD byte with the length before the value. `LLLVAR`: two bytes. */
export type Length = 'fixed' | 'LLVAR' | 'LLLVAR'

export interface ElementSpec {
  /** Bit in the bitmap, 2–64. */
  readonly number: number
  readonly name: string
  readonly nameZh: string
  readonly format: Format
  readonly length: Length
  /** The fixed length, or the maximum: digits for n and z, characters for an and ans, bytes for b. */
  readonly max: number
  /**
   * The side of the digits of n and z when their count is odd. The pad nibble is 0. For an and ans it is `left`: a short
   * value is padded with spaces.
   */
  readonly alignment: Alignment
}

const element = (
  number: number,
  format: Format,
  length: Length,
  max: number,
  alignment: Alignment,
  name: string,
  nameZh: string,
): ElementSpec => ({ number, name, nameZh, format, length, max, alignment })

/** In the order of the wire. */
export const ELEMENTS: readonly ElementSpec[] = [
  element(2, 'n', 'LLVAR', 19, 'left', 'primary account number', '主账号'),
  element(3, 'n', 'fixed', 6, 'right', 'processing code', '交易处理码'),
  element(4, 'n', 'fixed', 12, 'right', 'amount, transaction', '交易金额'),
  element(11, 'n', 'fixed', 6, 'right', 'systems trace audit number', '受卡方系统跟踪号'),
  element(12, 'n', 'fixed', 6, 'right', 'time, local transaction', '受卡方所在地时间'),
  element(13, 'n', 'fixed', 4, 'right', 'date, local transaction', '受卡方所在地日期'),
  element(14, 'n', 'fixed', 4, 'right', 'date, expiration', '卡有效期'),
  element(15, 'n', 'fixed', 4, 'right', 'date, settlement', '清算日期'),
  element(22, 'n', 'fixed', 3, 'left', 'point of service entry mode', '服务点输入方式码'),
  element(23, 'n', 'fixed', 3, 'right', 'card sequence number', '卡序列号'),
  element(25, 'n', 'fixed', 2, 'right', 'point of service condition code', '服务点条件码'),
  element(26, 'n', 'fixed', 2, 'right', 'PIN capture code', '服务点PIN获取码'),
  element(27, 'n', 'fixed', 1, 'right', 'debit or credit card flag', '借贷记标识'),
  element(32, 'n', 'LLVAR', 11, 'left', 'acquiring institution identification', '受理机构标识码'),
  element(35, 'z', 'LLVAR', 37, 'left', 'track 2 data', '二磁道数据'),
  element(36, 'z', 'LLLVAR', 104, 'left', 'track 3 data', '三磁道数据'),
  element(37, 'an', 'fixed', 12, 'left', 'retrieval reference number', '检索参考号'),
  element(38, 'an', 'fixed', 6, 'left', 'authorization code', '授权标识应答码'),
  element(39, 'an', 'fixed', 2, 'left', 'response code', '应答码'),
  element(41, 'ans', 'fixed', 8, 'left', 'card acceptor terminal identification', '受卡机终端标识码'),
  element(42, 'ans', 'fixed', 15, 'left', 'card acceptor identification code', '受卡方标识码'),
  element(44, 'an', 'LLVAR', 25, 'left', 'receiving and acquiring institutions', '附加响应数据'),
  element(48, 'n', 'LLLVAR', 322, 'left', 'totals or batch details', '附加数据'),
  element(49, 'an', 'fixed', 3, 'left', 'currency code, transaction', '交易货币代码'),
  element(52, 'b', 'fixed', 8, 'left', 'PIN block', '个人标识码数据'),
  element(53, 'n', 'fixed', 16, 'right', 'security related control information', '安全控制信息'),
  element(54, 'an', 'LLLVAR', 40, 'left', 'additional amounts', '附加金额'),
  element(55, 'b', 'LLLVAR', 255, 'left', 'ICC data', 'IC卡数据域'),
  element(57, 'b', 'LLLVAR', 999, 'left', 'terminal hardware data', '终端硬件信息'),
  element(58, 'b', 'LLLVAR', 999, 'left', 'electronic purse data', '电子钱包标准的交易信息'),
  element(59, 'b', 'LLLVAR', 999, 'left', 'extended data', '扩展信息域'),
  element(60, 'n', 'LLLVAR', 19, 'left', 'transaction type, batch, network management', '自定义域60'),
  element(61, 'n', 'LLLVAR', 29, 'left', 'original reference', '原始信息域'),
  element(62, 'b', 'LLLVAR', 512, 'left', 'keys or parameters', '自定义域62'),
  element(63, 'b', 'LLLVAR', 163, 'left', 'operator, card organization and texts', '自定义域63'),
  element(64, 'b', 'fixed', 8, 'left', 'message authentication code', '报文鉴别码'),
]

const byNumber: (ElementSpec | undefined)[] = new Array(65).fill(undefined)
for (const spec of ELEMENTS) byNumber[spec.number] = spec

/** The row of a field number; undefined when messages do not have that field. */
export const elementOf = (number: number): ElementSpec | undefined => byNumber[number]
