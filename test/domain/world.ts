/**
 * @module One terminal in memory: it loads a message's state as the store would, decides, and applies the
 * effects.
 */

import { newTerminal } from '../../src/domain/decide-provision.ts'
import { decideReversal } from '../../src/domain/decide-reversal.ts'
import { decideCapturedSale, decideSale, decideSaleEarly } from '../../src/domain/decide-sale.ts'
import { decideSettlement } from '../../src/domain/decide-settlement.ts'
import { decideVoid } from '../../src/domain/decide-void.ts'
import type { Decision, Generated, LoadedState } from '../../src/domain/decision.ts'
import { ownTotals } from '../../src/domain/office-totals.ts'
import { NO_SENDER } from '../../src/domain/request-actor.ts'
import type {
  CapturedSaleRequest,
  ReversalRequest,
  SaleRequest,
  SettlementRequest,
  VoidRequest,
} from '../../src/domain/requests.ts'
import type { Reversal } from '../../src/domain/reversal.ts'
import { USUAL_FORMS } from '../../src/domain/terminal-profile.ts'
import type {
  Answer,
  Batch,
  Effects,
  JournalEntry,
  Sale,
  SaleState,
  Terminal,
  VoidRecord,
} from '../../src/domain/types.ts'
import type { Command } from './command.ts'
import { keyOf, MID, merchant, NOW, sale as soldSale, TID, totals } from './fixtures.ts'

const ABSENT = { original: null, target: null, targetReversal: null, claim: null } as const
const UNSENT = { forwarded: null, targetForwarded: null, isTargetClaimed: false } as const

export interface Result {
  readonly decision: Decision
  readonly answer: Answer
  readonly key: string
  readonly content: string
  readonly batchNumber: string
}

const six = (n: number): string => String(n).padStart(6, '0')

export class World {
  now = NOW
  terminal: Terminal
  readonly entries = new Map<string, JournalEntry>()
  readonly reversals = new Map<string, Reversal>()
  readonly sales = new Map<string, Sale>()
  readonly voids = new Map<string, VoidRecord & { reversedAt: number | null }>()
  readonly batches = new Map<string, Batch>()
  private generatedCount = 0

  constructor() {
    const profile = {
      status: 'active',
      macProfile: 'cup-ecb',
      textEncoding: 'gbk',
      settlementMac: 'optional',
      ...USUAL_FORMS,
    } as const
    this.terminal = newTerminal({ terminalId: TID, merchantId: MID, profile })
    this.batches.set(this.terminal.batch.batchNumber, this.terminal.batch)
  }

  saleWithKey = (key: string): Sale | undefined =>
    [...this.sales.values()].find(({ messageKey }) => messageKey === key)

  liveVoidsOf = (saleId: string) =>
    [...this.voids.values()].filter((v) => v.saleId === saleId && v.reversedAt === null)

  send(command: Exclude<Command, { kind: 'wait' }>): Result {
    const { batchNumber: open } = this.terminal.batch
    const last = six(Math.max(1, Number(open) - 1))
    const batchNumber = command.batch === 'open' ? open : last
    const stan = six(command.stan)
    const content = JSON.stringify({ ...command, batch: batchNumber })
    const identity = {
      merchantId: MID,
      contentFingerprint: content,
      request: {},
      sender: NO_SENDER,
      terminalId: TID,
      batchNumber,
    }
    switch (command.kind) {
      case 'sale': {
        const request: SaleRequest = {
          ...identity,
          door: 'terminal',
          kind: 'sale',
          messageKey: keyOf(stan, 'sale', batchNumber),
          stan,
          amount: command.amount,
          currencyCode: '156',
          card: soldSale.card,
        }
        return this.decideAndApply(request, batchNumber, {}, (loadedState, generated) => {
          const early = decideSaleEarly(request, loadedState, generated)
          return early ?? decideSale(request, loadedState, generated, { kind: 'approved' })
        })
      }
      case 'captured_sale': {
        const request: CapturedSaleRequest = {
          ...identity,
          door: 'json',
          kind: 'captured_sale',
          messageKey: keyOf(stan, 'sale', batchNumber),
          stan,
          amount: command.amount,
          currencyCode: '156',
          card: soldSale.card,
          status: command.status,
          rrn: null,
          authorizationCode: null,
          fee: null,
          soldAt: this.now,
        }
        return this.decideAndApply(request, batchNumber, {}, (loadedState, generated) =>
          decideCapturedSale(request, loadedState, generated),
        )
      }
      case 'void':
      case 'json_void': {
        const found = this.saleWithKey(keyOf(six(command.original), 'sale', batchNumber))
        const json = command.kind === 'json_void'
        const request: VoidRequest = {
          ...identity,
          door: json ? 'json' : 'terminal',
          kind: 'void',
          messageKey: json ? `api|${MID}|void|${stan}` : keyOf(stan, 'void', batchNumber),
          pos: json
            ? null
            : {
                terminalId: TID,
                batchNumber,
                stan,
                saleKey: keyOf(six(command.original), 'sale', batchNumber),
              },
          amount: command.amount,
          currencyCode: '156',
          cardFingerprint: json ? null : 'c'.repeat(64),
          rrn: null,
          authorizationCode: null,
          reason: null,
        }
        return this.decideAndApply(
          request,
          batchNumber,
          { original: this.stateOf(found) },
          (loadedState, generated) => decideVoid(request, loadedState, generated),
        )
      }
      case 'sale_reversal':
      case 'void_reversal':
      case 'json_reversal':
      case 'office_sale_reversal':
      case 'office_void_reversal': {
        const of = command.kind.includes('sale') ? 'sale' : 'void'
        const kind = `${of}_reversal` as const
        const isOffice = command.kind !== kind
        const targetKey =
          command.kind === 'json_reversal' ? `api|${MID}|void|${stan}` : keyOf(stan, of, batchNumber)
        const request: ReversalRequest = {
          ...identity,
          door: isOffice ? 'json' : 'terminal',
          kind,
          messageKey: isOffice ? `api|${MID}|${kind}|${targetKey}` : keyOf(stan, kind, batchNumber),
          targetKey,
          saleId: null,
          amount: command.amount,
          cardFingerprint: null,
        }
        const found = this.targetOf(of, targetKey)
        return this.decideAndApply(request, batchNumber, found, (loadedState, generated) =>
          decideReversal(request, loadedState, generated),
        )
      }
      case 'settle': {
        const { debitAmount, debitCount, creditAmount, creditCount } = ownTotals(this.terminal.batch)
        const request: SettlementRequest = {
          ...identity,
          door: 'terminal',
          kind: 'settlement',
          messageKey: keyOf(stan, 'settlement', batchNumber),
          totals: totals(debitAmount + command.off, debitCount, creditAmount, creditCount),
          isSigned: true,
        }
        return this.decideAndApply(request, batchNumber, {}, (loadedState, generated) =>
          decideSettlement(request, loadedState, generated),
        )
      }
    }
  }

  private targetOf(of: 'sale' | 'void', targetKey: string): Partial<LoadedState> {
    const target = this.entries.get(targetKey) ?? null
    const saleId = target?.effects.voidRecord?.saleId ?? ''
    return {
      target,
      targetReversal: this.reversals.get(targetKey) ?? null,
      original: this.stateOf(of === 'sale' ? this.saleWithKey(targetKey) : this.sales.get(saleId)),
    }
  }

  private stateOf(sale: Sale | undefined): SaleState | null {
    if (sale === undefined) return null
    const live = this.liveVoidsOf(sale.id)[0]
    return {
      sale,
      liveVoid:
        live === undefined
          ? null
          : { id: live.id, messageKey: live.messageKey, state: 'approved', forwarded: false },
      forwarded: null,
      isVoidedByEntries: live !== undefined,
      isVoidRowLost: false,
      isRrnOurs: true,
      reversed: this.reversals.has(sale.messageKey),
      ownVoids: [...this.voids.values()]
        .filter(({ saleId, messageKey }) => saleId === sale.id && !messageKey.startsWith('api|'))
        .map(({ messageKey }) => messageKey)
        .filter((key) => !this.reversals.has(key) || this.reversals.get(key)?.stillCounted === true),
      batchState: this.batches.get(sale.batchNumber)?.state ?? 'closed',
    }
  }

  private decideAndApply(
    { messageKey, contentFingerprint }: { messageKey: string; contentFingerprint: string },
    batchNumber: string,
    found: Partial<LoadedState>,
    decide: (loadedState: LoadedState, generated: Generated) => Decision,
  ): Result {
    const loadedState: LoadedState = {
      terminal: this.terminal,
      merchant,
      earlier: this.entries.get(messageKey) ?? null,
      reversal: this.reversals.get(messageKey) ?? null,
      ...ABSENT,
      ...UNSENT,
      namedBatch: this.batches.get(batchNumber) ?? null,
      isBatchUsed: true,
      declared: null,
      undecided: false,
      isTargetFollowed: false,
      isOriginalArchived: false,
      isOriginalPending: false,
      takenBy: null,
      needs: [],
      refusals: null,
      ...found,
    }
    const number = ++this.generatedCount
    const decision = decide(loadedState, {
      now: this.now,
      rrn: String(number).padStart(12, '0'),
      authorizationCode: six(number),
      id: String(number).padStart(32, '0'),
      acquirerStan: six(number),
    })
    const base = { decision, key: messageKey, content: contentFingerprint, batchNumber }
    if (decision.kind === 'pending') throw new Error('this world forwards nothing')
    if (decision.kind !== 'commit') return { ...base, answer: decision.answer }
    const { draft } = decision
    const { seq, hash } = this.terminal.head
    const entry = { ...draft, seq: seq + 1, previousHash: hash, hash: String(seq + 1).padStart(64, '0') }
    this.entries.set(messageKey, entry)
    this.terminal = { ...this.terminal, head: { seq: entry.seq, hash: entry.hash } }
    this.apply(draft.effects)
    if (draft.answer === null) throw new Error('this world claims nothing')
    return { ...base, answer: draft.answer }
  }

  private apply({ sale, voidRecord, voidMoved, reversals, batch, nextBatch }: Effects): void {
    if (sale !== undefined) this.sales.set(sale.id, sale)
    const undone = voidMoved === undefined ? undefined : this.voids.get(voidMoved.id)
    if (undone !== undefined && voidMoved !== undefined) undone.reversedAt = voidMoved.reversedAt
    if (voidRecord !== undefined) this.voids.set(voidRecord.id, { ...voidRecord, reversedAt: null })
    for (const one of reversals ?? [])
      this.reversals.set(one.targetKey, { ...one, kind: this.reversals.get(one.targetKey)?.kind ?? one.kind })
    for (const b of [batch, nextBatch]) if (b !== undefined) this.batches.set(b.batchNumber, b)
    const open = nextBatch ?? batch
    if (open !== undefined) this.terminal = { ...this.terminal, batch: open }
  }
}
