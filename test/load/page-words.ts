/** @module The words of the report’s page, in English and Chinese. */

import type { Compared, Floor } from './compare-floors.ts'
import type { Knee } from './find-knee.ts'
import type { Invariant } from './ledger.ts'
import type { MixKind } from './mix.ts'

export interface Words {
  readonly en: string
  readonly zh: string
}

export const words = (en: string, zh: string): Words => ({ en, zh })

/** A text that is the same in both. */
export const same = (text: string): Words => ({ en: text, zh: text })

const KINDS: Readonly<Record<MixKind | Floor | Compared, Words>> = {
  sale: words('sale', '消费'),
  void: words('void', '撤销'),
  inquiry: words('inquiry', '查询'),
  copy: words('copy', '重发'),
  reversal: words('reversal', '冲正'),
  rival: words('rival voids', '并发撤销'),
  late: words('late sale', '冲正后迟到的消费'),
  'sign-on': words('sign-on', '签到'),
  trivial: words('trivial route', '空路由'),
  'one batch': words('one D1 batch', '一次 D1 批处理'),
  'two batches': words('two D1 batches', '两次 D1 批处理'),
  'void, warm': words('void, warm', '撤销（热）'),
  'void, cold': words('void, cold', '撤销（冷）'),
  'sale and void': words('sale and void', '消费加撤销'),
}

/** The name of a kind of message or of a floor. */
export const kindWords = (name: string): Words => KINDS[name as keyof typeof KINDS] ?? same(name)

export const RULES: Readonly<Record<Invariant, Words>> = {
  'one live void per sale': words('One live void per sale', '每笔消费至多一笔有效撤销'),
  'same message, same answer': words('Same message, same answer', '同一报文得到同一应答'),
  'a reversed message has no effect': words('A reversed message has no effect', '已冲正的报文不再生效'),
  'a reference number names one message': words('A reference number names one message', '参考号不重复'),
  'each answer is valid': words('Each answer is valid, its MAC too', '每个应答有效，MAC 正确'),
  'an inquiry agrees with the answers': words('An inquiry agrees with the answers', '查询结果与应答一致'),
  'totals of the batch': words('Totals of each batch', '批次总计一致'),
  'rows of sales and voids': words('Rows of sales and voids', '消费与撤销的记录一致'),
  'chains of the journal': words('Chains of the journal', '日志哈希链完整'),
}

export const KNEE: Readonly<Record<Knee['why'], Words>> = {
  answers: words('the step after it did not get its answers in time', '下一级负载的应答跟不上'),
  refusals: words('the step after it had refusals', '下一级负载出现拒绝'),
  latency: words('the step after it was slow', '下一级负载延迟过高'),
}

export const TEXT = {
  title: words('Annul load report', 'Annul 压测报告'),
  compared: words('Two loads side by side', '两次压测对比'),
  answersPerSecond: words('answers per second', '每秒应答'),
  medianOfAll: words('p50, ms', '延迟 p50（毫秒）'),
  p99OfAll: words('p99, ms', '延迟 p99（毫秒）'),
  violations: words('violations', '违规'),
  refused: words('refused', '拒绝'),
  lost: words('lost', '无应答'),
  answers: words('answers', '应答'),
  rate: words('rate', '到达率'),
  knee: words('the knee, per second', '拐点（每秒）'),
  noKnee: words(
    'No knee: the service kept up with each step, or with none.',
    '没有拐点：各级都能承受，或者都不能。',
  ),
  kind: words('message', '报文'),
  rule: words('rule', '规则'),
  checked: words('checked', '检查次数'),
  violated: words('violated', '违规次数'),
  trips: words('D1 trips', 'D1 往返'),
  share: words('share', '占比'),
  median: words('median', '中位数'),
  latency: words('Milliseconds from the due time', '自应发时刻起的毫秒数'),
  latencyNote: words(
    'Times count from when a message was due, not from when it was sent. A slow service hides nothing this way.',
    '延迟从报文应发时刻算起，而不是实际发出时刻，因此服务变慢不会被掩盖。',
  ),
  fromSending: words('p99 from sending', 'p99（自发出）'),
  byTrips: words('By round trips to D1', '按 D1 往返次数'),
  probes: words('Beside the floors during the load (p50 / p99)', '压测期间与基线之比（p50 / p99）'),
  alone: words(
    'One connection: requests per second, as a share of each floor',
    '单连接：每秒请求数与各基线之比',
  ),
  together: words(
    'connections: requests per second, as a share of each floor',
    '个连接：每秒请求数与各基线之比',
  ),
  rules: words('Rules', '规则检查'),
  ramp: words('Ramp', '阶梯加压'),
  curve: words('Latency by percentile', '延迟分位'),
  overTime: words('Latency over time', '延迟随时间变化'),
  rateOverTime: words('Messages per second', '每秒报文数'),
  rampChart: words('Latency by rate', '延迟随到达率变化'),
  percentile: words('percentile', '分位'),
  second: words('second of the load', '压测时间（秒）'),
  milliseconds: words('ms', '毫秒'),
  perSecond: words('per second', '每秒'),
  objectives: words('Objectives', '目标'),
  met: words('met', '达到'),
  missed: words('missed', '未达到'),
} as const
