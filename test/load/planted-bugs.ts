/** @module Bugs that are planted in the service, one at a time: the load must find each. */

import type { Mutant } from '../simulation/take-out.ts'
import type { Invariant } from './ledger.ts'

export interface PlantedBug {
  readonly name: string
  /** One change of a file each. */
  readonly changes: readonly Omit<Mutant, 'name'>[]
  /** Statements on the database. */
  readonly sql: readonly string[]
  /** The rules that it breaks. The load finds at least one of them broken. */
  readonly breaks: readonly Invariant[]
}

const MIGRATION = 'migrations/0000_foundation.sql'

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'the key of a message is not unique, and no entry has its key',
    changes: [
      {
        file: 'src/domain/decision.ts',
        snippet: '  if (earlier === null) return null\n',
        instead: '  if (earlier === null || generated.now > 0) return null\n',
      },
      {
        file: MIGRATION,
        snippet: '    OR EXISTS (SELECT 1 FROM journal WHERE message_key = new.message_key)\n',
        instead: '',
      },
    ],
    sql: ['drop index journal_message_key', 'drop index sale_message_key', 'drop index void_message_key'],
    breaks: ['same message, same answer'],
  },
  {
    name: 'a copy is not answered from the journal',
    changes: [
      {
        file: 'src/domain/decision.ts',
        snippet: `if (answer !== null) return { kind: 'replay', entry: earlier, answer }`,
        instead: 'if (answer !== null) return null',
      },
    ],
    sql: [],
    breaks: ['same message, same answer'],
  },
  {
    name: 'a reversal of an unseen message leaves no tombstone',
    changes: [
      {
        file: 'src/domain/decide-reversal.ts',
        snippet: `return { reversals: [{ targetKey: request.targetKey, kind: 'tombstone' }] }`,
        instead: 'return {}',
      },
    ],
    sql: [],
    breaks: ['a reversed message has no effect'],
  },
  {
    name: 'a sale may have a second void',
    changes: [
      {
        file: 'src/domain/decide-void.ts',
        snippet: `  if (original.liveVoid !== null)
    return original.liveVoid.state === 'approved' ? 'original_already_voided' : 'outcome_pending'
  // The row of the void is lost. The journal is the truth.
  if (original.isVoidedByEntries) return 'original_already_voided'
`,
        instead: '',
      },
    ],
    sql: ['drop index void_live'],
    breaks: ['one live void per sale'],
  },
  {
    name: 'the reversal of a void leaves its batch unchanged',
    changes: [
      {
        file: 'src/domain/decide-reversal.ts',
        snippet:
          '...(isCounted ? { batch: isOwn ? without : addOffice(without, amount, { voids: -1 }) } : {}),',
        instead: '',
      },
    ],
    sql: [],
    breaks: ['totals of the batch'],
  },
  {
    name: 'an answer is signed under another key',
    changes: [
      {
        file: 'src/pos/reply.ts',
        snippet: 'packSigned({ core, ...signer }, answer, forms)',
        instead:
          'packSigned({ core, ...signer, macKey: signer.macKey.map((byte) => byte ^ 2) }, answer, forms)',
      },
    ],
    sql: [],
    breaks: ['each answer is valid'],
  },
]
