/** @module Bugs in the service, one at a time: the load must find each. */

import type { Mutant } from '../simulation/take-out.ts'
import type { Invariant } from './ledger.ts'

export interface PlantedBug {
  readonly name: string
  /** The changed places. A change has an effect only while `plantedBug` has the bug’s name. */
  readonly changes: readonly Omit<Mutant, 'name'>[]
  /** Indexes that the database loses. */
  readonly indexes: readonly string[]
  /** A part of the trigger of the journal that the database loses. */
  readonly condition: string | null
  /** A rule that it breaks. */
  readonly breaks: Invariant
}

declare global {
  /** The bug that the service of this thread has now. */
  var plantedBug: string | undefined
}

/** Code that is true while the service has the bug. */
const has = (name: string): string => `globalThis.plantedBug === '${name}'`

const KEY = 'the key of a message is not unique, and no entry is found by it'
const REPLAY = 'a copy is not answered from the journal'
const TOMBSTONE = 'a reversal of an unseen message leaves no tombstone'
const VOID = 'a sale may have a second void'
const BATCH = 'the reversal of a void leaves its batch unchanged'
const SIGNATURE = 'an answer is signed under another key'

const ONLY_CODE = { indexes: [], condition: null } as const

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: KEY,
    changes: [
      {
        file: 'src/domain/decision.ts',
        snippet: '  if (earlier === null) return null\n',
        instead: `  if (earlier === null || ${has(KEY)}) return null\n`,
      },
    ],
    indexes: ['journal_message_key', 'sale_message_key', 'void_message_key'],
    condition: 'OR EXISTS (SELECT 1 FROM journal WHERE message_key = new.message_key)',
    breaks: 'same message, same answer',
  },
  {
    name: REPLAY,
    changes: [
      {
        file: 'src/domain/decision.ts',
        snippet: `if (answer !== null) return { kind: 'replay', entry: earlier, answer }`,
        instead: `if (answer !== null) return ${has(REPLAY)} ? null : { kind: 'replay', entry: earlier, answer }`,
      },
    ],
    ...ONLY_CODE,
    breaks: 'same message, same answer',
  },
  {
    name: TOMBSTONE,
    changes: [
      {
        file: 'src/domain/decide-reversal.ts',
        snippet: `return { reversals: [{ targetKey: request.targetKey, kind: 'tombstone' }] }`,
        instead: `return ${has(TOMBSTONE)} ? {} : { reversals: [{ targetKey: request.targetKey, kind: 'tombstone' }] }`,
      },
    ],
    ...ONLY_CODE,
    breaks: 'a reversed message has no effect',
  },
  {
    name: VOID,
    changes: [
      {
        file: 'src/domain/decide-void.ts',
        snippet: '  if (original.liveVoid !== null)\n',
        instead: `  if (original.liveVoid !== null && !(${has(VOID)}))\n`,
      },
      {
        file: 'src/domain/decide-void.ts',
        snippet: '  if (original.isVoidedByEntries)',
        instead: `  if (original.isVoidedByEntries && !(${has(VOID)}))`,
      },
    ],
    indexes: ['void_live'],
    condition: null,
    breaks: 'one live void per sale',
  },
  {
    name: BATCH,
    changes: [
      {
        file: 'src/domain/decide-reversal.ts',
        snippet:
          '...(isCounted ? { batch: isOwn ? without : addOffice(without, amount, { voids: -1 }) } : {}),',
        instead: `...(isCounted && !(${has(BATCH)}) ? { batch: isOwn ? without : addOffice(without, amount, { voids: -1 }) } : {}),`,
      },
    ],
    ...ONLY_CODE,
    breaks: 'totals of the batch',
  },
  {
    name: SIGNATURE,
    changes: [
      {
        file: 'src/pos/reply.ts',
        snippet: 'packSigned({ core, ...signer }, answer, forms)',
        instead: `packSigned({ core, ...signer, macKey: signer.macKey.map((byte) => byte ^ (${has(SIGNATURE)} ? 2 : 0)) }, answer, forms)`,
      },
    ],
    ...ONLY_CODE,
    breaks: 'each answer is valid',
  },
]
