/** @module Random entries with the row, the batch and the base that their bodies depend on. */

import fc from 'fast-check'
import { posMessageKey } from '../../../src/domain/message-key.ts'
import type { DraftEntry } from '../../../src/domain/types.ts'
import { baseKeyOf } from '../../../src/store/entry/columns.ts'
import { TID } from '../../domain/fixtures.ts'
import { draftEntry, ofTerminal, rowRrn } from './arbitrary.ts'
import { batchBefore } from './arbitrary-batch.ts'
import { columnsOf, type Written } from './support.ts'

/** An entry, alone or after another one under the key that it follows. */
export const written: fc.Arbitrary<Written> = fc
  .record({
    draft: draftEntry,
    seq: fc.nat(),
    rrn: rowRrn,
    before: batchBefore,
    other: draftEntry,
    follows: fc.boolean(),
    merchantId: ofTerminal,
  })
  .map(({ draft, seq, rrn, before, other, follows, merchantId }) => {
    const baseKey = baseKeyOf(draft.messageKey)
    const base = follows && baseKey !== null ? { ...other, messageKey: baseKey } : null
    return { draft, columns: columnsOf(draft, seq, rrn), before, base, merchantId }
  })

/** After a claim, most members are those of the claim. */
export const afterClaim: fc.Arbitrary<Written> = fc
  .record({ claim: draftEntry, own: draftEntry, keep: fc.array(fc.boolean(), { minLength: 8 }), rrn: rowRrn })
  .map(({ claim, own, keep, rrn }) => {
    const [fingerprint, door, request, record, saleToo, merchant] = keep
    const base = {
      ...claim,
      messageKey: posMessageKey({ terminalId: TID, batchNumber: '000001', stan: '000002' }, 'sale'),
    }
    const { batch: _, ...effects } = own.effects
    const draft: DraftEntry = {
      ...own,
      messageKey: `${base.messageKey}|o`,
      ...(fingerprint ? { contentFingerprint: base.contentFingerprint } : {}),
      ...(door ? { door: base.door } : {}),
      ...(request ? { request: structuredClone(base.request) } : {}),
      ...(merchant ? { merchantId: base.merchantId } : {}),
      effects: {
        ...effects,
        ...(record && claim.effects.voidRecord !== undefined
          ? { voidRecord: structuredClone(claim.effects.voidRecord) }
          : {}),
        ...(saleToo && claim.effects.claimedSale !== undefined
          ? { sale: structuredClone(claim.effects.claimedSale) }
          : {}),
      },
    }
    return { draft, columns: columnsOf(draft, 9, rrn), before: null, base, merchantId: null }
  })
