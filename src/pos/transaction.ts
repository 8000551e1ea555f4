/** @module Messages that go through the pipeline: sale, void, reversal, settlement, upload. */

import type { Slot } from '../admission/admission-controller.ts'
import { networkOf } from '../admission/network.ts'
import { privateData } from '../iso8583/answer.ts'
import type { TransactionMessage } from '../iso8583/pos-message.ts'
import type { Services } from '../pipeline/services.ts'
import type { Outcome, WaitUntil } from '../pipeline/types.ts'
import { ourselves, refuse, reply } from './reply.ts'
import { SILENCE, type TerminalReply } from './reply-cache.ts'
import { type Signer, verifyMessage, wipe } from './verify-message.ts'

/** Answers a transaction. There is no answer while the outcome is unknown. */
export async function answerTransaction(
  services: Services,
  posMessage: TransactionMessage,
  { slot, waitUntil, source }: { slot: Slot; waitUntil: WaitUntil; source: string },
): Promise<TerminalReply> {
  const { identity, messageKey, targetKey, sale, cardFields } = posMessage
  const { terminalId, batchNumber } = identity
  const target = targetKey === undefined ? {} : { targetKey }
  const { outcome, found: signer } = await services.pipeline.submit(
    {
      load: { terminalId, batchNumber, messageKey, ...target, ...sale },
      cardFields,
      verify: (loaded) => verifyMessage(services, posMessage, loaded, networkOf(source)),
      discard: wipe,
    },
    {
      waitUntil,
      beforeAcquirer: () => slot.awaitAcquirer(),
      waitsUntil: services.now() + (services.acquirer.deadlineMs ?? 0),
    },
  )
  try {
    return answerOutcome(services, posMessage, outcome, signer)
  } finally {
    wipe(signer)
  }
}

function answerOutcome(
  services: Services,
  posMessage: TransactionMessage,
  outcome: Outcome,
  signer: Signer | null,
): TerminalReply {
  const { type } = posMessage
  switch (outcome.kind) {
    case 'denied':
      throw new Error('the POS door refuses with a reason')
    case 'pending':
    case 'unknown':
    case 'unavailable':
      // Any answer deletes the terminal's pending reversal. Without one the terminal reverses or retries.
      services.log('no_answer', { type, kind: outcome.kind, ...named(posMessage) })
      return SILENCE
    case 'refused':
      // A copy may still get another decision, and code 09 would delete the reversal that it may need.
      if (outcome.reason === 'in_progress') {
        services.log('no_answer', { type, kind: outcome.reason, ...named(posMessage) })
        return SILENCE
      }
      return refuse(services, posMessage, outcome.reason, outcome.context ?? undefined, signer)
    case 'answered':
      return answerDecided(services, posMessage, outcome, signer)
  }
}

const named = ({ identity }: TransactionMessage) => ({
  terminalId: identity.terminalId,
  stan: identity.stan,
})

type Decided = Extract<Outcome, { kind: 'answered' }>

function answerDecided(
  services: Services,
  posMessage: TransactionMessage,
  { answer, entry, replayed, loadedState }: Decided,
  signer: Signer | null,
): TerminalReply {
  const { type, messageKey, targetKey } = posMessage
  const { reason, responseCode, rrn } = answer
  const differs =
    reason === 'key_reused_with_different_content' ? differences(posMessage, loadedState.earlier) : {}
  services.log('answered', { type, ...named(posMessage), responseCode, reason, rrn, replayed, ...differs })
  const fields = {
    ...answer,
    ...ourselves(services),
    privateData: privateData(reason, answer.textEncoding),
  }
  const decided = reply(services, posMessage, fields, reason, signer)
  if (entry === null) return decided
  // The target, also when another reversal came before. With a sale also its void.
  const reversedKeys = [
    ...(targetKey === undefined ? [] : [targetKey]),
    ...(entry.effects.reversals ?? []).map((reversal) => reversal.targetKey),
  ]
  // Only a first answer is kept for copies. Otherwise each copy would extend the window, and it would never end.
  return { ...decided, reversedKeys, ...(replayed ? {} : { messageKey }) }
}

/** Names of the kept fields that differ from the first message with this key; never their values. */
function differences(
  { request: { request: now } }: TransactionMessage,
  earlier: Decided['loadedState']['earlier'],
): { differs: string[] } {
  const before = earlier?.request ?? {}
  const names = new Set([...Object.keys(now), ...Object.keys(before)])
  const differs = [...names].filter((name) => now[name] !== before[name])
  // Card data is not kept, so it differs when no kept field does.
  return { differs: differs.length > 0 ? differs : ['card data'] }
}
