/**
 * @module Checks that are taken out one at a time: the simulation must notice each. A snippet that is no longer in its file
 * exactly once fails the test, so that the list keeps up with the source.
 */

import type { Mutant } from './take-out.ts'

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a reversal of what was never seen leaves no tombstone',
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
    snippet: `if (namedBatch.state === 'open' && situation.undecided)`,
    instead: 'if (false)',
  },
  {
    name: 'nothing is claimed: a void is approved before the host is asked',
    file: 'src/decide.ts',
    snippet: 'return acquirer.isRemote ? claimed(decision, situation, supplies) : decision',
    instead: 'return decision',
  },
  {
    name: 'a late approval of the host beats a reversal',
    file: 'src/domain/decide-host-event.ts',
    snippet: `if (!takes('host_approved')) return null`,
    instead: '',
  },
  {
    name: 'the host is not told of a reversal',
    file: 'src/domain/decide-reversal.ts',
    snippet: 'const hostMoves = isForwarded ? [owed(targetKey, at)] : []',
    instead: 'const hostMoves: HostMove[] = []',
  },
  {
    name: 'what is given up is not undone at the host',
    file: 'src/recover.ts',
    snippet: `const answer = await acquirer.ask(questionOf(message, 'reversal'))`,
    instead: `const answer = { kind: 'approved' } as HostAnswer`,
  },
  {
    name: 'the host knows the same message under another trace number each time',
    file: 'src/recover.ts',
    snippet: '    hostStan,\n    amount,',
    instead: `    hostStan: kind === 'reversal' ? '999999' : hostStan,\n    amount,`,
  },
  {
    name: 'what the outbox gave to one that died is never due again',
    file: 'src/store/outbox.ts',
    snippet: 'nextAt: now + TRY_MS })',
    instead: 'nextAt: null })',
  },
  {
    name: 'cron does nothing',
    file: 'src/recover.ts',
    snippet: 'await safely(services, () => takeDue(db, now, room))',
    instead: '([] as Taken[])',
  },
  {
    name: 'a case is never opened',
    file: 'src/recover.ts',
    snippet: 'await safely(services, () => openCases(services))',
    instead: 'void openCases',
  },
  {
    name: 'no MAC is compared',
    file: 'src/verify.ts',
    snippet: 'if (fits && core.verifyMac(algorithm, mak, message.macInput, mac))',
    instead: 'if (fits)',
  },
  {
    name: 'an entry that lost its place is answered as if it stood',
    file: 'src/store/commit.ts',
    snippet: 'return all.map((item) => stands.has(item))',
    instead: 'return all.map((item) => stands.has(item) || true)',
  },
  {
    name: 'an answer leaves before its commit',
    file: 'src/process.ts',
    snippet: '  let stands: boolean[]\n',
    instead:
      '  for (const { work, item, outcome } of ready) work.settle(outcome(openEntry(item.row)))\n  let stands: boolean[]\n',
  },
  {
    name: 'a commit whose fate is unknown counts as refused',
    file: 'src/doors/transaction.ts',
    snippet: `services.log('no_answer', { type, kind: outcome.kind, ...named(asked) })
      return SILENCE`,
    instead: `return refuse(services, asked, type, 'in_progress', undefined, signer)`,
  },
  {
    name: 'the JSON door calls an unknown outcome final',
    file: 'src/json/problem.ts',
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
    file: 'src/doors/transaction.ts',
    snippet: `services.log('answered', { type, ...named(asked), responseCode`,
    instead: `services.log('answered', { type, ...named(asked), pan: panOf(asked.message), responseCode`,
  },
]
