/** @module Provisions a terminal of a merchant that is there, or changes its state, profile or master key. */

import type { Core } from '../core/instance.ts'
import { freshId } from '../crypto/random.ts'
import { changesOf } from '../domain/changes.ts'
import { isSm4Profile } from '../domain/mac-profile.ts'
import { apiMessageKey } from '../domain/message-key.ts'
import type { RequestActor } from '../domain/request-actor.ts'
import type { ProvisionRequest } from '../domain/requests.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { type MacProfile, type MessageForms, USUAL_FORMS } from '../domain/terminal-profile.ts'
import type { Merchant } from '../domain/types.ts'
import { isWeakMasterKey } from '../domain/weak-key.ts'
import { fromHex } from '../iso8583/hex.ts'
import type { Loaded } from '../store/load.ts'
import { type ApiVerdict, logSettings, permit, runAlone, senderOf, undecidedProblem } from './handler.ts'
import { terminalBody } from './json/bodies.ts'
import { apiProblem, type Problem } from './json/problem.ts'
import type { TerminalSettings } from './json/schemas.ts'
import type { Call, Handler, Reply } from './router.ts'

interface Names {
  readonly merchantId: string
  readonly terminalId: string
}

type Put = 'PUT /v1/merchants/{merchantId}/terminals/{terminalId}'

export const putTerminal: Handler<Put> = async (call) => {
  const { services, path, body } = call
  const reply = await provisionTerminal(call)
  logSettings(services, { type: 'terminal', ...path }, body, reply)
  return reply
}

async function provisionTerminal(call: Call<Put>): Promise<Reply<Put>> {
  const { services, c, credential, path, body } = call
  const load = { credential, ...path }
  const { outcome, denial } = await runAlone(services, c, load, async (loaded) => {
    const caller = permit(call, loaded.credential)
    if (!caller.ok) return { kind: 'denied', problem: caller.error }
    const merchant = merchantFor(loaded, path, body)
    if (!merchant.ok) return { kind: 'denied', problem: merchant.error }
    return provisionVerdict(call, loaded, merchant.value, senderOf(c, caller.value.id))
  })
  if (outcome.kind !== 'answered') return undecidedProblem(outcome, denial)
  const { context, entry } = outcome
  const answer = terminalBody({ ...context.terminal, ...entry?.effects.terminal })
  const isNew = context.terminal.head.seq === 0
  return isNew ? { status: 201, body: answer } : { status: 200, body: answer }
}

/** The merchant of the terminal, or why this request does not provision it. */
function merchantFor(
  { terminal, merchant }: Loaded,
  { merchantId }: Names,
  body: TerminalSettings,
): Result<Merchant, Problem> {
  if (terminal !== null && terminal.merchantId !== merchantId)
    return err(apiProblem('terminal_of_other_merchant'))
  if (merchant === null) return err(apiProblem('merchant_required'))
  // Working keys of one profile's length and cipher are no keys for another.
  const changesProfile = body.macProfile !== undefined && body.macProfile !== terminal?.macProfile
  const needsKey = terminal === null || changesProfile
  return needsKey && body.tmk === undefined ? err(apiProblem('master_key_required')) : ok(merchant)
}

async function provisionVerdict(
  { services, path: names, body }: Call<Put>,
  { terminal }: Loaded,
  merchant: Merchant,
  sender: RequestActor,
): Promise<ApiVerdict> {
  const { merchantId, terminalId } = names
  const profile: ProvisionRequest['profile'] = {
    status: body.state ?? terminal?.status ?? 'active',
    macProfile: body.macProfile ?? terminal?.macProfile ?? 'cup-ecb',
    textEncoding: body.textEncoding ?? terminal?.textEncoding ?? 'gbk',
    settlementMac: body.settlementMac ?? terminal?.settlementMac ?? 'required',
    ...formsOf(body, terminal ?? USUAL_FORMS),
  }
  // Greater than the one before on whatever clock. The journal names it, so the row of an older master key is none.
  const version = Math.max(services.now(), (terminal?.tmkVersion ?? 0) + 1)
  const request: ProvisionRequest = {
    kind: 'provision',
    door: 'json',
    merchantId,
    terminalId,
    messageKey: apiMessageKey('admin', 'provision', freshId(services.random)),
    contentFingerprint: '',
    request: { ...changesOf(terminal, profile), newMasterKey: String(body.tmk !== undefined) },
    sender,
    profile,
    merchant,
    tmkVersion: body.tmk === undefined ? null : version,
  }
  if (body.tmk === undefined) return { kind: 'verified', request }
  const tmk = joinComponents(services.core, profile.macProfile, body.tmk)
  if (tmk === undefined) return { kind: 'denied', problem: apiProblem('check_value_differs') }
  const { allowSingleLength = false, parity = 'any' } = body.tmk
  if (isWeakMasterKey(profile.macProfile, tmk, { allowSingleLength, parity })) {
    tmk.fill(0)
    return { kind: 'denied', problem: apiProblem('master_key_weak') }
  }
  const wrapped = await services.keyring.wrap(tmk, { ...names, usage: 'tmk', version })
  tmk.fill(0)
  return { kind: 'verified', request, masterKey: { version, wrapped } }
}

/** A member that the body lacks keeps its value. */
const formsOf = (body: TerminalSettings, before: MessageForms): MessageForms => ({
  texts: body.texts ?? before.texts,
  padding: body.padding ?? before.padding,
  entryMode: body.entryMode ?? before.entryMode,
  cardCheck: body.cardCheck ?? before.cardCheck,
  headerLength: body.headerLength ?? before.headerLength,
  headerTlv: body.headerTlv ?? before.headerTlv,
  voidForms: body.voidForms ?? before.voidForms,
})

/** The master key out of its two XOR components, once every check value given fits; each is the first bytes of a KCV. */
function joinComponents(
  core: Core,
  profile: MacProfile,
  { components, checkValue }: NonNullable<TerminalSettings['tmk']>,
): Uint8Array<ArrayBuffer> | undefined {
  const [first, second] = components.map(({ value }) => fromHex(value))
  if (first === undefined || second === undefined || first.length !== second.length) return undefined
  if (isSm4Profile(profile) && first.length !== 16) return undefined
  const tmk = Uint8Array.from(first, (byte, i) => byte ^ (second[i] ?? 0))
  const cipher = isSm4Profile(profile) ? 'sm4' : tmk.length === 8 ? 'des' : '3des'
  const fits = (key: Uint8Array, expected: string | undefined): boolean => {
    const value = fromHex(expected ?? '')
    if (value === undefined) return false
    const ours = core.keyCheckValue(cipher, key, value.length)
    return value.every((byte, i) => byte === ours[i])
  }
  const sound =
    fits(first, components[0]?.checkValue) &&
    fits(second, components[1]?.checkValue) &&
    (checkValue === undefined || fits(tmk, checkValue))
  for (const part of [first, second]) part.fill(0)
  if (sound) return tmk
  tmk.fill(0)
  return undefined
}
