/**
 * @module Checks that are taken out one at a time: the simulation must notice each. A snippet that is no longer in its file
 * exactly once fails the test, so that the list keeps up with the source. Those with `isQuick` are noticed soonest: the sample
 * begins with them.
 */

import type { Mutant } from './take-out.ts'

export const MUTANTS: readonly (Mutant & { readonly isQuick?: true })[] = [
  {
    name: 'a reversal of what was never seen leaves no tombstone',
    isQuick: true,
    file: 'src/domain/decide-reversal.ts',
    snippet: `return { reversals: [{ targetKey: request.targetKey, kind: 'tombstone' }] }`,
    instead: 'return {}',
  },
  {
    name: 'a message that was reversed before it came is heard',
    file: 'src/domain/decision.ts',
    snippet: `if (reversal !== null) return refuse('message_reversed')`,
    instead: '',
  },
  {
    name: 'a copy is not answered from the journal',
    file: 'src/domain/decision.ts',
    snippet: `if (answer !== null) return { kind: 'replay', entry: earlier, answer }`,
    instead: 'if (answer !== null) return null',
  },
  {
    name: 'a key used for something else is not noticed',
    isQuick: true,
    file: 'src/domain/decision.ts',
    snippet: 'earlier.contentFingerprint !== request.contentFingerprint',
    instead: 'false',
  },
  {
    name: 'a sale may have a second void',
    file: 'src/domain/decide-void.ts',
    snippet: 'if (original.liveVoid !== null)',
    instead: 'if (false)',
  },
  {
    name: 'a sale that was reversed may be voided',
    isQuick: true,
    file: 'src/domain/decide-void.ts',
    snippet: `if (original.reversed) return 'original_reversed'`,
    instead: '',
  },
  {
    name: 'a sale that was settled may be voided',
    file: 'src/domain/decide-void.ts',
    snippet: `if (original.batchState !== 'open') return 'original_settled'`,
    instead: '',
  },
  {
    name: 'a void after the cut-off is approved',
    file: 'src/domain/decide-void.ts',
    snippet: `if (until !== null && now >= until) return 'window_expired'`,
    instead: '',
  },
  {
    name: 'the reversal of a void leaves its batch as it is',
    file: 'src/domain/decide-reversal.ts',
    snippet: '...(isCounted ? { batch: addCredit(batch, voidRecord.amount, -1) } : {}),',
    instead: '',
  },
  {
    name: 'a batch is closed over what is not decided',
    file: 'src/domain/decide-settlement.ts',
    snippet: `if (namedBatch.state === 'open' && loadedState.undecided)`,
    instead: 'if (false)',
  },
  {
    name: 'nothing is claimed: a void is approved before the acquirer is posMessage',
    file: 'src/pipeline/decide.ts',
    snippet: 'return acquirer.isRemote ? asPending(decision, loadedState, generated) : decision',
    instead: 'return decision',
  },
  {
    name: 'a late approval of the acquirer beats a reversal',
    file: 'src/domain/decide-acquirer-event.ts',
    snippet: `if (!takes('acquirer_approved')) return null`,
    instead: '',
  },
  {
    name: 'the acquirer is not told of a reversal',
    file: 'src/domain/decide-reversal.ts',
    snippet: 'const acquirerMoves = isForwarded ? [toReverse(targetKey, at)] : []',
    instead: 'const acquirerMoves: AcquirerMove[] = []',
  },
  {
    name: 'what is given up is not undone at the acquirer',
    file: 'src/pipeline/try-acquirer.ts',
    snippet: `const answer = await acquirer.ask(requestOf(message, 'reversal'))`,
    instead: `const answer = { kind: 'approved' } as AcquirerResponse`,
  },
  {
    name: 'the acquirer knows the same message under another trace number each time',
    file: 'src/pipeline/try-acquirer.ts',
    snippet: '    acquirerStan,\n    amount,',
    instead: `    acquirerStan: kind === 'reversal' ? '999999' : acquirerStan,\n    amount,`,
  },
  {
    name: 'what the outbox gave to one that died is never due again',
    file: 'src/store/outbox.ts',
    snippet: 'nextAt: now + TRY_MS })',
    instead: 'nextAt: null })',
  },
  {
    name: 'cron does nothing',
    file: 'src/pipeline/recover.ts',
    snippet: 'await safely(stage, () => leaseDue(db, now, capacity))',
    instead: '[]',
  },
  {
    name: 'a case is never opened',
    file: 'src/pipeline/recover.ts',
    snippet: 'await safely(stage, () => openCases(stage))',
    instead: 'void openCases',
  },
  {
    name: 'no MAC is compared',
    isQuick: true,
    file: 'src/pos/verify-mac.ts',
    snippet: 'if (fits && core.verifyMac(algorithm, macKey, macInput, given))',
    instead: 'if (fits)',
  },
  {
    name: 'an entry that lost its place is answered as if it stood',
    isQuick: true,
    file: 'src/store/commit.ts',
    snippet: 'return all.map((item) => written.has(item))',
    instead: 'return all.map((item) => written.has(item) || true)',
  },
  {
    name: 'an answer leaves before its commit',
    isQuick: true,
    file: 'src/pipeline/process.ts',
    snippet: '  let written: boolean[]\n',
    instead:
      '  for (const { work, item, outcome } of ready) work.settle(outcome(openEntry(item.row)))\n  let written: boolean[]\n',
  },
  {
    name: 'a commit whose fate is unknown counts as refused',
    isQuick: true,
    file: 'src/pos/transaction.ts',
    snippet: `services.log('no_answer', { type, kind: outcome.kind, ...named(posMessage) })
      return SILENCE`,
    instead: `return refuse(services, posMessage, 'in_progress', undefined, signer)`,
  },
  {
    name: 'the JSON door calls an unknown outcome final',
    file: 'src/api/json/problem.ts',
    snippet: `reason === 'outcome_unknown' ? 'UNKNOWN'`,
    instead: `reason === 'outcome_unknown' ? 'FINAL'`,
  },
  {
    name: 'effects of a batch sent twice are applied twice',
    file: 'src/store/step.ts',
    snippet: `and not exists (select 1 from terminal where terminal_id = item.value ->> 'entryTerminalId'
    and head_seq >= item.value ->> 'entrySeq')`,
    instead: '',
  },
  {
    name: 'card numbers are written to the log',
    isQuick: true,
    file: 'src/pos/transaction.ts',
    snippet: `services.log('answered', { type, ...named(posMessage), responseCode`,
    instead: `services.log('answered', { type, ...named(posMessage), pan: posMessage.pan, responseCode`,
  },
]
