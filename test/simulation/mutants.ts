/**
 * @module Checks that are removed one at a time: the simulation must detect each. A snippet that is not in
 * its file exactly once fails the test, so that the list follows the source. A sample begins with the quick
 * ones: these are detected soonest.
 */

import type { Mutant } from './take-out.ts'

export const MUTANTS: readonly (Mutant & {
  readonly isQuick?: true
  /** The first world, where it is not 1: few worlds have what the check is for. */
  readonly seed?: number
})[] = [
  {
    name: 'a reversal of an unseen message leaves no tombstone',
    isQuick: true,
    file: 'src/domain/decide-reversal.ts',
    snippet: `return { reversals: [{ targetKey: request.targetKey, kind: 'tombstone' }] }`,
    instead: 'return {}',
  },
  {
    name: 'a message that was reversed before it arrived is accepted',
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
    name: 'a key reused with other content is not detected',
    isQuick: true,
    file: 'src/domain/decision.ts',
    snippet: '!isSameContent(request, earlier)',
    instead: 'false',
  },
  {
    name: 'a sale may have a second void',
    file: 'src/domain/decide-void.ts',
    snippet: 'if (original.liveVoid !== null)',
    instead: 'if (false)',
  },
  {
    name: 'a reversed sale may be voided',
    file: 'src/domain/decide-void.ts',
    snippet: `if (original.reversed) return 'original_reversed'`,
    instead: '',
  },
  {
    name: 'a settled sale may be voided',
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
    name: 'the reversal of a void leaves its batch unchanged',
    file: 'src/domain/decide-reversal.ts',
    snippet: '...(isCounted ? { batch: isOwn ? without : addOffice(without, amount, { voids: -1 }) } : {}),',
    instead: '',
  },
  {
    name: 'a batch closes over undecided messages',
    seed: 3,
    file: 'src/domain/decide-settlement.ts',
    snippet: `if (namedBatch.state === 'open' && loadedState.undecided)`,
    instead: 'if (false)',
  },
  {
    name: 'no sale has a claim: a void is approved before the acquirer answers',
    file: 'src/pipeline/decide.ts',
    snippet: 'return acquirer.isRemote ? asPending(decision, loadedState, generated) : decision',
    instead: 'return decision',
  },
  {
    name: 'a late approval from the acquirer overrides a reversal',
    file: 'src/domain/decide-acquirer-event.ts',
    snippet: `if (!takes('acquirer_approved')) return null`,
    instead: '',
  },
  {
    name: 'a reversal is not sent to the acquirer',
    file: 'src/domain/decide-reversal.ts',
    snippet: 'const acquirerMoves = isForwarded ? [toReverse(targetKey, at)] : []',
    instead: 'const acquirerMoves: AcquirerMove[] = []',
  },
  {
    name: 'a given-up message is not undone at the acquirer',
    isQuick: true,
    file: 'src/pipeline/try-acquirer.ts',
    snippet: `const answer = await askAbout(stage, message, requestOf(message, 'reversal'))`,
    instead: `const answer = { kind: 'approved' } as AcquirerResponse`,
  },
  {
    name: 'the acquirer gets the same message under another STAN each time',
    file: 'src/pipeline/try-acquirer.ts',
    snippet: '    acquirerStan,\n    amount,',
    instead: `    acquirerStan: kind === 'reversal' ? '999999' : acquirerStan,\n    amount,`,
  },
  {
    name: 'a lease of a dead driver never ends',
    isQuick: true,
    seed: 77,
    file: 'src/store/outbox.ts',
    snippet: 'until: now + TRY_MS,',
    instead: 'until: Number.MAX_SAFE_INTEGER,',
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
    snippet: 'await safely(stage, () => openCases(stage, budget, cases))',
    instead: 'void openCases',
  },
  {
    name: 'no MAC is compared',
    isQuick: true,
    file: 'src/pos/verify-mac.ts',
    snippet: 'isProved = fits && core.verifyMac(macAlgorithmOf(macProfile), macKey, macInput, given)',
    instead: 'isProved = fits',
  },
  {
    name: 'an entry that lost the race is answered as if it were stored',
    file: 'src/store/commit.ts',
    snippet: 'return set.map((_, i) => written.has(i))',
    instead: 'return set.map((_, i) => written.has(i) || true)',
  },
  {
    name: 'an answer leaves before its commit',
    isQuick: true,
    file: 'src/pipeline/commit-set.ts',
    snippet: '  let written: boolean[]\n',
    instead: '  for (const { work, outcome } of ready) work.settle(outcome())\n  let written: boolean[]\n',
  },
  {
    name: 'a commit with an unknown outcome counts as refused',
    isQuick: true,
    file: 'src/pos/transaction.ts',
    snippet: `services.log('no_answer', { type, kind: outcome.kind, ...named(posMessage) })
      return SILENCE`,
    instead: `return refuse(services, posMessage, 'in_progress', undefined, signer)`,
  },
  {
    name: 'the JSON API calls an unknown outcome final',
    file: 'src/api/json/certainty.ts',
    snippet: `if (reason === 'outcome_unknown') return { certainty: 'UNKNOWN'`,
    instead: `if (reason === 'outcome_unknown') return { certainty: 'FINAL'`,
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
  {
    name: 'a commit does not check its guards',
    file: 'migrations/0000_foundation.sql',
    snippet: `    OR EXISTS (SELECT 1 FROM json_each(new.needs) AS need LEFT JOIN guard ON guard.key = need.value ->> 0
      WHERE coalesce(guard.version, 0) <> need.value ->> 1);`,
    instead: ';',
  },
  {
    name: 'a message does not need the guard of its merchant',
    isQuick: true,
    file: 'src/store/load.ts',
    snippet: 'needs.set(merchantGuard(ofMerchant.merchant.merchantId), ofMerchant.guardVersion)',
    instead: 'void merchantGuard',
  },
  {
    name: 'a change of settings raises no guard',
    isQuick: true,
    file: 'src/store/merchants.ts',
    snippet: 'merchantGuard(settings.merchantId),\n  )',
    instead: `'nothing',\n  )`,
  },
  {
    name: 'a revoked key raises no guard',
    file: 'src/store/api-keys.ts',
    snippet: 'needs, keyGuard(key.merchantId))',
    instead: `needs, 'nothing')`,
  },
  {
    name: 'a change of a terminal raises no guard',
    file: 'src/domain/decide-provision.ts',
    snippet: '? [] : [merchantGuard(request.merchantId)]',
    instead: '? [] : []',
  },
  {
    name: 'settings do not need the guard of the administrators’ keys',
    seed: 52,
    file: 'src/store/merchants.ts',
    snippet: 'const keys = [merchantGuard(merchantId), keyGuard(null)]',
    instead: 'const keys = [merchantGuard(merchantId)]',
  },
  {
    name: 'a refusal does not count against the quota',
    isQuick: true,
    file: 'src/domain/refusal-quota.ts',
    snippet: 'counted: { key, day, most: quota - 1 - before }',
    instead: 'counted: null',
  },
  {
    name: 'a refusal beyond the quota is written',
    file: 'src/domain/refusal-quota.ts',
    snippet: 'written + before >= quota',
    instead: 'false',
  },
  {
    name: 'a commit does not check the reversals of its message',
    seed: 18,
    file: 'migrations/0000_foundation.sql',
    snippet: '    OR EXISTS (SELECT 1 FROM reversal WHERE target_key = new.message_key)\n',
    instead: '',
  },
  {
    name: 'an entry of a chain forgets the totals of the one before',
    seed: 20,
    file: 'src/pipeline/chain.ts',
    snippet: 'batch: effects.batch ?? terminal.batch,',
    instead: 'batch: terminal.batch,',
  },
  {
    name: 'a decline of a void without a MAC counts',
    seed: 46,
    file: 'src/acquirer/check-response.ts',
    snippet: "request.kind === 'sale' && request.isCopy !== true",
    instead: 'request.isCopy !== true',
  },
  {
    name: 'an acquirer must repeat fields that its profile does not name',
    file: 'src/acquirer/check-response.ts',
    snippet: 'responseFault(sent, message, rules.echo ?? USUAL_ECHO)',
    instead: 'responseFault(sent, message, USUAL_ECHO)',
  },
  {
    name: 'a terminal is compared with the totals of the office too',
    file: 'src/domain/decide-settlement.ts',
    snippet: 'compareTotals(request.totals, ownTotals(namedBatch))',
    instead: 'compareTotals(request.totals, namedBatch)',
  },
  {
    name: 'a late reversal is refused though it is allowed',
    file: 'src/domain/late-reversal.ts',
    snippet: "rulesOf(loadedState.merchant).lateReversals === 'refuse' ? 'reversal_too_old' : null",
    instead: "'reversal_too_old'",
  },
  {
    name: 'a merchant undoes an old void by JSON',
    file: 'src/domain/late-reversal.ts',
    snippet: "if (administrator === undefined) return 'approval_required'",
    instead: 'if (administrator === undefined) return null',
  },
  {
    name: 'the limit of a driver becomes the outcome of its messages',
    file: 'src/pipeline/commit-set.ts',
    snippet: 'if (isLimit(error)) return toNextDriver(options, ready, error)',
    instead: '',
  },
  {
    name: 'the demand of the acquirer for a sign-on is ignored',
    file: 'src/acquirer/https.ts',
    snippet: 'if (options.keys.areRenewed && asksSignOn(rules, sent, answer))',
    instead: 'if (false)',
  },
  {
    name: 'a warm state needs no guard',
    seed: 1,
    file: 'src/pipeline/warm.ts',
    snippet: 'needs: loaded.needs.filter(([key]) => key === guard),',
    instead: 'needs: [],',
  },
]
