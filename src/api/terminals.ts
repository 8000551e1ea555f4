/** @module `PUT /v1/merchants/{mid}/terminals/{tid}`: provision a terminal, or change its status, profile or master key. */

import { type Context, Hono } from 'hono'
import type { Core } from '../core/instance.ts'
import { freshId } from '../crypto/random.ts'
import { DEFAULT_MERCHANT } from '../domain/admit.ts'
import { apiMessageKey } from '../domain/message-key.ts'
import type { ProvisionRequest } from '../domain/requests.ts'
import type { MacProfile, Merchant, MerchantChange } from '../domain/types.ts'
import { fromHex } from '../iso8583/hex.ts'
import type { Services } from '../pipeline/services.ts'
import type { Loaded } from '../store/load.ts'
import {
  type ApiVerdict,
  check,
  credentialOf,
  readBody,
  refuseDoor,
  respondJson,
  respondProblem,
  runAlone,
  undecidedProblem,
} from './handler.ts'
import { terminalBody } from './json/bodies.ts'
import { doorProblem, type Problem } from './json/problem.ts'
import {
  merchantId as merchantIdOf,
  type ProvisionBody,
  provisionBody,
  terminalId as terminalIdOf,
} from './json/schemas.ts'

export function terminalRoutes(services: Services): Hono {
  const routes = new Hono()
  routes.put('/v1/merchants/:mid/terminals/:tid', (c) => putTerminal(services, c))
  return routes
}

interface Names {
  readonly merchantId: string
  readonly terminalId: string
}

async function putTerminal(services: Services, c: Context): Promise<Response> {
  const credential = await credentialOf(c)
  if (credential === undefined) return refuseDoor('unauthorized')
  const merchant = check(merchantIdOf, c.req.param('mid'))
  if (!merchant.ok) return respondProblem(merchant.error)
  const terminal = check(terminalIdOf, c.req.param('tid'))
  if (!terminal.ok) return respondProblem(terminal.error)
  const body = readBody(c, provisionBody)
  if (!body.ok) return respondProblem(body.error)
  const names: Names = { merchantId: merchant.value, terminalId: terminal.value }

  const load = { credential, ...names, masterKey: true }
  const { outcome, denial } = await runAlone(services, c, load, async (loaded) => {
    const problem = deny(loaded, names, body.value)
    if (problem !== undefined) return { kind: 'denied', problem }
    return provisionVerdict(services, loaded, names, body.value)
  })
  if (outcome.kind !== 'answered') return respondProblem(undecidedProblem(outcome, denial))
  const { context, entry } = outcome
  const isNew = context.terminal.head.seq === 0
  const after = { ...context.terminal, ...entry?.effects.terminal }
  return respondJson(isNew ? 201 : 200, terminalBody(after, context.merchant))
}

function deny(loaded: Loaded, { merchantId }: Names, body: ProvisionBody): Problem | undefined {
  const { credential, terminal, merchant } = loaded
  if (credential === null) return doorProblem('unauthorized')
  if (credential.merchantId !== null) return doorProblem('forbidden')
  if (terminal !== null && terminal.merchantId !== merchantId)
    return doorProblem('terminal_of_other_merchant')
  const currency = body.merchant?.currency
  if (merchant !== null && currency !== undefined && currency !== merchant.currencyCode)
    return doorProblem('currency_fixed')
  // Working keys of one profile's length and cipher are no keys for another.
  const changesProfile = body.macProfile !== undefined && body.macProfile !== terminal?.macProfile
  if (body.tmk === undefined && (terminal === null || changesProfile))
    return doorProblem('master_key_required')
  return undefined
}

async function provisionVerdict(
  services: Services,
  { terminal, merchant, masterKey }: Loaded,
  names: Names,
  body: ProvisionBody,
): Promise<ApiVerdict> {
  const { merchantId, terminalId } = names
  const profile: ProvisionRequest['profile'] = {
    status: body.status ?? terminal?.status ?? 'active',
    macProfile: body.macProfile ?? terminal?.macProfile ?? 'cup-ecb',
    textEncoding: body.textEncoding ?? terminal?.textEncoding ?? 'gbk',
    settlementMac: body.settlementMac ?? terminal?.settlementMac ?? 'required',
  }
  const merchantChange = changeOf(merchantId, merchant, body.merchant)
  const request: ProvisionRequest = {
    kind: 'provision',
    door: 'json',
    merchantId,
    terminalId,
    messageKey: apiMessageKey('admin', 'provision', freshId(services.random)),
    contentFingerprint: '',
    request: { ...profile, newMasterKey: String(body.tmk !== undefined) },
    profile,
    merchant: merchantAfter(merchantId, merchant, merchantChange),
    merchantChange,
    newMasterKey: body.tmk !== undefined,
  }
  if (body.tmk === undefined) return { kind: 'verified', request }
  const tmk = joinComponents(services.core, profile.macProfile, body.tmk)
  if (tmk === undefined) return { kind: 'denied', problem: doorProblem('check_value_differs') }
  if (tmk.every((byte) => byte === 0)) return { kind: 'denied', problem: doorProblem('master_key_weak') }
  // Greater than the one before on whatever clock: by its version a sign-on knows that its master key is still the one.
  const version = Math.max(services.now(), (masterKey?.version ?? 0) + 1)
  const wrapped = await services.keyring.wrap(tmk, { ...names, usage: 'tmk', version })
  tmk.fill(0)
  return { kind: 'verified', request, masterKey: { version, wrapped } }
}

/** A new merchant is written though nothing of it is named. */
function changeOf(
  merchantId: string,
  before: Merchant | null,
  change: ProvisionBody['merchant'],
): MerchantChange | null {
  if (change === undefined) return before === null ? { merchantId } : null
  const { currency, ...named } = change
  const given = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
  return { merchantId, ...given, ...(currency === undefined ? {} : { currencyCode: currency }) }
}

/** As far as is known here; the commit merges in the same order over what stands by then. */
const merchantAfter = (
  merchantId: string,
  before: Merchant | null,
  change: MerchantChange | null,
): Merchant => ({ ...DEFAULT_MERCHANT, name: merchantId, status: 'active', ...before, ...change, merchantId })

/** The master key out of its two XOR components, once every check value given fits; each is the first bytes of a KCV. */
function joinComponents(
  core: Core,
  profile: MacProfile,
  { components, checkValue }: NonNullable<ProvisionBody['tmk']>,
): Uint8Array<ArrayBuffer> | undefined {
  const [first, second] = components.map(({ value }) => fromHex(value))
  if (first === undefined || second === undefined || first.length !== second.length) return undefined
  if (profile === 'cup-sm4' && first.length !== 16) return undefined
  const tmk = Uint8Array.from(first, (byte, i) => byte ^ (second[i] ?? 0))
  const cipher = profile === 'cup-sm4' ? 'sm4' : tmk.length === 8 ? 'des' : '3des'
  const fits = (key: Uint8Array, expected: string | undefined): boolean => {
    const value = fromHex(expected ?? '')
    if (value === undefined) return false
    const ours = core.keyCheckValue(cipher, key, value.length)
    return value.every((byte, i) => byte === ours[i])
  }
  const sound =
    fits(first, components[0].checkValue) &&
    fits(second, components[1].checkValue) &&
    (checkValue === undefined || fits(tmk, checkValue))
  for (const part of [first, second]) part.fill(0)
  if (sound) return tmk
  tmk.fill(0)
  return undefined
}
