/** @module A command as the message that a door builds: its request, and the items to load. */

import { apiMessageKey, posPartsOf, tombstonedKey } from '../../src/domain/message-key.ts'
import { NO_SENDER } from '../../src/domain/request-actor.ts'
import type { NoteRequest } from '../../src/domain/requests.ts'
import type { WindowPolicy } from '../../src/domain/sale-facts.ts'
import { USUAL_FORMS } from '../../src/domain/terminal-profile.ts'
import type { Card, Terminal } from '../../src/domain/types.ts'
import type { Request } from '../../src/pipeline/decide.ts'
import type { LoadItem } from '../../src/store/load.ts'
import { keyOf, MID, merchant, TID, totals } from '../domain/fixtures.ts'
import type { TestMessage } from '../support/test-service.ts'
import type { Named, Message as Sent } from './commands.ts'
import type { Knowledge, KnownMessage } from './knowledge.ts'

export interface PreparedMessage {
  readonly request: Exclude<Request, NoteRequest>
  readonly load: LoadItem
  /** With the first message of a terminal: its wrapped master key. */
  readonly masterKey?: { readonly version: number; readonly wrapped: string }
}

/** The message that a door submits, after the sender is proved. */
export function messageOf({ request, load, masterKey }: PreparedMessage): TestMessage {
  const verdict = {
    kind: 'verified',
    found: null,
    request,
    ...(masterKey === undefined ? {} : { masterKey }),
  } as const
  const merchant = request.kind === 'provision' ? request.merchant : null
  return { load, verify: async () => verdict, merchant }
}

const CARD: Card = { first6: '622500', last4: '0014', fingerprint: 'c'.repeat(64) }
const FINGERPRINTS = { right: CARD.fingerprint, other: 'd'.repeat(64), none: null } as const
const CNY = '156'
const NO_RRN = '999999999999'

const WINDOWS: Readonly<Record<WindowPolicy['kind'], WindowPolicy>> = {
  business_day: { kind: 'business_day' },
  same_batch: { kind: 'same_batch' },
  minutes: { kind: 'minutes', minutes: 3 },
}

const PROFILE = {
  status: 'active',
  macProfile: 'cup-ecb',
  textEncoding: 'gbk',
  settlementMac: 'optional',
  ...USUAL_FORMS,
} as const satisfies Partial<Terminal>

const six = (n: number): string => String(n).padStart(6, '0')

const batchOf = (named: Named, open: string): string =>
  named === 'open' ? open : six(Math.max(1, Number(open) - 1))

/**
 * `number`: the number of this message among all. Null: no door accepts it, because its target does not
 * exist.
 */
export function messageFor(command: Sent, knowledge: Knowledge, number: number): PreparedMessage | null {
  const batchNumber = 'batch' in command ? batchOf(command.batch, knowledge.open) : knowledge.open
  const stan = 'stan' in command ? six(command.stan) : ''
  const request = { '11': stan }
  const pos = { door: 'terminal', merchantId: MID, terminalId: TID, request, sender: NO_SENDER } as const
  const at = { terminalId: TID, batchNumber }
  switch (command.kind) {
    case 'sale': {
      const messageKey = keyOf(stan, 'sale', batchNumber)
      const { amount, currency: currencyCode } = command
      const contentFingerprint = `${amount} ${currencyCode}`
      const sale = { batchNumber, stan, amount, currencyCode, card: CARD }
      return {
        request: { ...pos, kind: 'sale', messageKey, contentFingerprint, ...sale },
        load: { ...at, messageKey },
      }
    }
    case 'void':
      return voidFor(command, knowledge, stan, batchNumber)
    case 'reversal': {
      const { of, ago, off, card } = command
      const found = knowledge.find(of, ago)
      const targetKey = found?.key ?? keyOf(six(ago + 40), of, knowledge.open)
      const amount = amountFor(found, off)
      const parts = posPartsOf(targetKey)
      // A void by the JSON API is reversed by the JSON API.
      if (parts === null) return null
      const messageKey = keyOf(parts.stan, `${of}_reversal`, parts.batchNumber)
      const names = of === 'sale' ? { saleKey: targetKey } : { saleOfVoidKey: targetKey }
      return {
        request: {
          ...pos,
          request: { '11': parts.stan },
          kind: `${of}_reversal`,
          messageKey,
          contentFingerprint: `${targetKey} ${amount ?? ''}`,
          ...(amount === null ? {} : { otherFingerprint: `${targetKey} ` }),
          targetKey,
          saleId: null,
          amount,
          cardFingerprint: FINGERPRINTS[card],
        },
        load: { terminalId: TID, batchNumber: parts.batchNumber, messageKey, targetKey, ...names },
      }
    }
    case 'settle': {
      const messageKey = keyOf(stan, 'settlement', batchNumber)
      const [[debit, debits], [credit, credits]] = [knowledge.debit, knowledge.credit]
      const field48 = totals(debit + command.off, debits, credit, credits)
      const { isSigned } = command
      const settlement = { contentFingerprint: field48, batchNumber, totals: field48, isSigned }
      return {
        request: { ...pos, kind: 'settlement', messageKey, ...settlement },
        load: { ...at, messageKey, usedBatch: batchNumber },
      }
    }
    case 'upload': {
      const messageKey = keyOf(stan, 'upload_end', batchNumber)
      const kind = command.what === 'items' ? 'upload' : 'upload_end'
      const after = command.what === 'match' ? 'match' : 'mismatch'
      const { isSigned } = command
      const upload = { contentFingerprint: command.what, batchNumber, after, isSigned } as const
      return {
        request: { ...pos, kind, messageKey, ...upload },
        load: { ...at, messageKey, usedBatch: batchNumber },
      }
    }
    case 'acquirer': {
      const messageKey = knowledge.find('forwarded', command.ago)?.key
      if (messageKey === undefined) return null
      const status = { acquirerRrn: '424242424242', authorizationCode: '424242', reason: null }
      const event = { contentFingerprint: '', event: command.event, ...status }
      return {
        request: { ...pos, kind: 'acquirer_event', messageKey, ...event },
        load: { terminalId: TID, messageKey },
      }
    }
    case 'reconciliation': {
      const listed = knowledge.find('forwarded', command.ago)
      if (listed === undefined) return null
      const { key: messageKey, kind } = listed
      const { status: state, off, age } = command
      const amount = off === null || state === 'absent' ? null : listed.amount + off
      const names = { kind, merchantId: MID, terminalId: TID, batchNumber, acquirerStan: '' }
      const none = { currencyCode: null, acquirerRrn: null, authorizationCode: null, original: null }
      const line = { record: { ...names, state, amount, ...none }, asOf: knowledge.now - age }
      return {
        request: {
          ...pos,
          door: 'json',
          kind: 'reconciliation',
          messageKey,
          contentFingerprint: '',
          ...line,
        },
        load: { terminalId: TID, messageKey },
      }
    }
    case 'case': {
      const messageKey = knowledge.find('case', command.ago)?.key
      if (messageKey === undefined) return null
      const { resolution } = command
      const content = { messageKey, contentFingerprint: '', request: { resolution }, resolution }
      const sale = { saleKey: messageKey, saleOfVoidKey: messageKey }
      return {
        request: { ...pos, door: 'json', kind: 'case', ...content },
        load: { terminalId: TID, messageKey, ...sale },
      }
    }
    default:
      return officeMessage(command, knowledge, number)
  }
}

/** The amount that a message names; null when it names none. */
const amountFor = (named: KnownMessage | undefined, off: number | null): number | null =>
  off === null ? null : (named?.amount ?? 100) + off

function voidFor(
  { ago, by, off, card }: Extract<Sent, { kind: 'void' }>,
  knowledge: Knowledge,
  stan: string,
  batchNumber: string,
): PreparedMessage {
  const messageKey = keyOf(stan, 'void', batchNumber)
  const sale = knowledge.find('sale', ago)
  const keyed = (by === 'crossed' ? knowledge.find('sale', ago + 1) : sale)?.key
  const saleKey = by === 'rrn' ? null : (keyed ?? keyOf(six(ago + 40), 'sale', batchNumber))
  const amount = amountFor(sale, off)
  const rrn = by === 'key' ? null : sale?.isAnswered === true ? sale.rrn : NO_RRN
  const names = { ...(saleKey === null ? {} : { saleKey }), ...(rrn === null ? {} : { saleRrn: rrn }) }
  const at = { terminalId: TID, batchNumber }
  return {
    request: {
      door: 'terminal',
      merchantId: MID,
      sender: NO_SENDER,
      request: { '11': stan },
      kind: 'void',
      messageKey,
      contentFingerprint: `${saleKey} ${rrn} ${amount} ${card}`,
      pos: { ...at, stan, saleKey },
      amount,
      currencyCode: CNY,
      cardFingerprint: FINGERPRINTS[card],
      rrn,
      authorizationCode: null,
      reason: null,
    },
    load: { ...at, messageKey, ...names },
  }
}

function officeMessage(
  command: Extract<Sent, { kind: 'captured_sale' | 'json_void' | 'json_reversal' | 'provision' }>,
  knowledge: Knowledge,
  number: number,
): PreparedMessage | null {
  const office = { door: 'json', merchantId: MID, sender: NO_SENDER } as const
  switch (command.kind) {
    case 'captured_sale': {
      const batchNumber = batchOf(command.batch, knowledge.open)
      const stan = six(command.stan)
      const messageKey = keyOf(stan, 'sale', batchNumber)
      const { amount, status } = command
      const rrn = command.rrn === 0 ? null : `90000000000${command.rrn}`
      const sale = { terminalId: TID, batchNumber, stan, amount, currencyCode: CNY, card: CARD, status, rrn }
      const contentFingerprint = `${amount} ${status} ${rrn}`
      const more = { request: {}, messageKey, contentFingerprint, authorizationCode: null, fee: 1 }
      return {
        request: { ...office, kind: 'captured_sale', ...sale, ...more, soldAt: knowledge.now },
        load: {
          terminalId: TID,
          messageKey,
          targetKey: tombstonedKey(messageKey),
          batchNumber,
          capturedStan: stan,
          ...(rrn === null ? {} : { saleRrn: rrn }),
        },
      }
    }
    case 'json_void':
    case 'json_reversal': {
      const sale = knowledge.find('sale', command.ago)
      if (sale?.isAnswered !== true) return null
      const kind = command.kind === 'json_void' ? 'void' : 'void_reversal'
      const messageKey = apiMessageKey(MID, kind, six(command.key))
      const amount = sale.amount + command.off
      const body = { ...office, request: { saleId: sale.id }, messageKey, amount, cardFingerprint: null }
      if (command.kind === 'json_void') {
        const { currency: currencyCode } = command
        const unnamed = { pos: null, rrn: null, authorizationCode: null, reason: null }
        const contentFingerprint = `${sale.id} ${amount} ${currencyCode}`
        return {
          request: { ...body, kind: 'void', contentFingerprint, currencyCode, ...unnamed },
          load: { saleId: sale.id, messageKey },
        }
      }
      const targetKey = apiMessageKey(MID, 'void', six(command.target))
      const names = { terminalId: TID, targetKey, saleId: sale.id }
      return {
        request: {
          ...body,
          kind: 'void_reversal',
          contentFingerprint: `${targetKey} ${sale.id} ${amount}`,
          ...names,
        },
        load: { saleId: sale.id, messageKey, targetKey },
      }
    }
    case 'provision': {
      const named = { ...merchant, window: WINDOWS[command.window] }
      const isFirst = number === 0
      const terminal = { terminalId: TID, profile: PROFILE, merchant: named }
      const provision = { messageKey: `provision|${number}`, contentFingerprint: '', request: {} }
      return {
        request: { ...office, kind: 'provision', ...provision, ...terminal, tmkVersion: isFirst ? 1 : null },
        load: { terminalId: TID, merchantId: MID },
        ...(isFirst ? { masterKey: { version: 1, wrapped: 'wrapped' } } : {}),
      }
    }
  }
}
