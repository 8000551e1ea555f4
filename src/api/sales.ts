/** @module Sales: captured sales, one as JSON or many as NDJSON, and a sale by its id or RRN. */

import { cardOf } from '../crypto/card.ts'
import { refuseTerminal } from '../domain/admit.ts'
import type { DeclineReason } from '../domain/decline-reason.ts'
import { posMessageKey, posPartsOf, tombstonedKey } from '../domain/message-key.ts'
import { maskPan } from '../domain/pan.ts'
import type { CapturedSaleRequest } from '../domain/requests.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { endOfWindow } from '../domain/sale-known.ts'
import type { SaleState } from '../domain/types.ts'
import type { Services } from '../pipeline/services.ts'
import type { Outcome } from '../pipeline/types.ts'
import { type ClaimedSale, findClaimedSale } from '../store/claimed-sale.ts'
import { canonical } from '../store/journal.ts'
import { type Loaded, load } from '../store/load.ts'
import {
  type ApiVerdict,
  isRepeated,
  mayAct,
  maySee,
  notInTables,
  permit,
  REPLAYED,
  type Submitted,
  senderOf,
  submit,
  undecidedProblem,
} from './handler.ts'
import { saleBody } from './json/bodies.ts'
import { capturedSale } from './json/first-answer.ts'
import type { CapturedLine } from './json/line-schemas.ts'
import {
  type About,
  apiProblem,
  declineProblem,
  inquiryAt,
  invalid,
  type Problem,
  saleAt,
} from './json/problem.ts'
import type { CapturedSaleBody } from './json/schemas.ts'
import { type PlacedLine, submitLines } from './lines.ts'
import { type Call, type Handler, type Reply, refuseCaller } from './router.ts'
import { refuseUnplaced, routed } from './routing.ts'

type Post = 'POST /v1/sales'

/** A captured sale, or the problem in its way. */
type Captured = Exclude<Reply<Post>, { readonly status: 200 }>

/** The greatest age of a sale, in milliseconds. */
const OLDEST_MS = 180 * 24 * 60 * 60_000

/** The greatest lead of a caller's clock, in milliseconds. */
const AHEAD_MS = 5 * 60_000

export const postSales: Handler<Post> = async (call) => {
  const { services, c, credential, lines, body } = call
  if (lines !== undefined) return (await refuseCaller(services, call, credential)) ?? recordLines(call, lines)
  const sale = readSale(call, body)
  if (!sale.ok) return (await refuseCaller(routed(services, c, { body }), call, credential)) ?? sale.error
  const { load, verify } = sale.value
  return sale.value.replyTo(await submit(sale.value.services, c, load, verify))
}

/**
 * Records the lines in sets. Lines of one terminal keep their order, because each depends on the line before it. Each answer has the
 * number of its line, and its status as a request of its own. A refused line does not stop the others.
 */
async function recordLines(call: Call<Post>, lines: NonNullable<Call<Post>['lines']>): Promise<Reply<Post>> {
  const read = lines.map(({ value }) => (value.ok ? readSale(call, value.value) : value))
  const sales = read.flatMap((one) => (one.ok ? [one.value] : []))
  const submitted = await submitLines(call.c, sales, 'sales')
  const answers = new Map(sales.map((sale, i) => [sale, submitted[i]]))
  const body = read.map((one, i): CapturedLine => {
    const { number: line = 0 } = lines[i] ?? {}
    const outcome = one.ok ? answers.get(one.value) : undefined
    const captured = !one.ok
      ? one.error
      : outcome === undefined
        ? apiProblem('outcome_unknown')
        : one.value.replyTo(outcome)
    return 'reason' in captured.body ? { line, ...captured.body } : { line, ...captured.body, status: 201 }
  })
  return { status: 200, body }
}

/** The faults that no schema can express. */
function faultOf({ fee = 0, amount }: CapturedSaleBody, soldAt: number, now: number): Problem | null {
  const fault = (pointer: string, why: string) => invalid({ in: 'body', pointer, why })
  if (soldAt > now + AHEAD_MS) return fault('/soldAt', 'is in the future')
  if (soldAt < now - OLDEST_MS) return fault('/soldAt', 'is more than 180 days ago')
  return fee > amount ? fault('/fee', 'is over the amount') : null
}

/** A captured sale for the pipeline. */
interface ReadSale extends PlacedLine {
  replyTo(submitted: Submitted): Captured
}

/** Reads a sale, or returns its fault. */
function readSale(call: Call<Post>, body: CapturedSaleBody): Result<ReadSale, Problem> {
  const { services: given, c, credential } = call
  // A list may have sales of several merchants.
  const services = routed(given, c, { body })
  const { terminalId, batchNumber, stan, merchantId, rrn } = body
  const soldAt = body.soldAt === undefined ? services.now() : Date.parse(body.soldAt)
  const fault = faultOf(body, soldAt, services.now())
  if (fault !== null) return err(fault)

  const messageKey = posMessageKey({ terminalId, batchNumber, stan }, 'sale')
  const verify = async (loaded: Loaded): Promise<ApiVerdict> => {
    const caller = permit(call, loaded.credential)
    if (!caller.ok) return { kind: 'denied', problem: caller.error }
    if (!mayAct(caller.value, merchantId)) return { kind: 'denied', problem: apiProblem('forbidden') }
    // A terminal of another merchant and an unknown terminal get the same answer.
    if (loaded.terminal?.merchantId !== merchantId) return { kind: 'refused', reason: 'terminal_unknown' }
    const request = await capturedSaleRequest(services, loaded, body, messageKey, soldAt)
    const reason = refuseTerminal(loaded.terminal, loaded.merchant, merchantId)
    if (reason !== null && !isRepeated(loaded, request)) return { kind: 'refused', reason }
    return { kind: 'verified', request: { ...request, sender: senderOf(c, caller.value.id) } }
  }
  const targetKey = tombstonedKey(messageKey)
  const load = {
    credential,
    terminalId,
    messageKey,
    targetKey,
    batchNumber,
    capturedStan: stan,
    ...(rrn === undefined ? {} : { saleRrn: rrn }),
  }
  const replyTo = ({ outcome, denial }: Submitted) =>
    replyOf(services, outcome, denial, aboutOf(body, outcome))
  return ok({ services, load, verify, replyTo })
}

/** Another sale has the trace number, here or at the acquirer, or the RRN. */
function aboutOf(
  { merchantId, terminalId, batchNumber, stan, rrn }: CapturedSaleBody,
  outcome: Outcome,
): About {
  if (outcome.kind === 'answered' && outcome.loadedState.earlier === null) {
    const takenBy = posPartsOf(outcome.loadedState.takenBy ?? '')
    if (takenBy !== null) return { keyAt: inquiryAt({ ...takenBy, merchantId, kind: 'sale' }) }
    if (rrn !== undefined) return { keyAt: saleAt(rrn) }
  }
  return { keyAt: inquiryAt({ merchantId, terminalId, batchNumber, stan, kind: 'sale' }) }
}

async function capturedSaleRequest(
  services: Services,
  { merchant }: Loaded,
  body: CapturedSaleBody,
  messageKey: string,
  soldAt: number,
): Promise<Omit<CapturedSaleRequest, 'sender'>> {
  const { pan, amount, rrn, authorizationCode, fee, merchantId, state, ...rest } = body
  const card = await cardOf(services.keyring, pan)
  const currencyCode = body.currency ?? merchant?.currencyCode ?? ''
  // Only the instant of the time is content, in any notation.
  const content = {
    ...body,
    currency: currencyCode,
    pan: card?.fingerprint,
    soldAt: body.soldAt === undefined ? undefined : soldAt,
  }
  return {
    kind: 'captured_sale',
    door: 'json',
    merchantId,
    messageKey,
    contentFingerprint: await services.keyring.fingerprint('content', canonical(content)),
    request: {
      amount: String(amount),
      currency: currencyCode,
      state,
      ...(pan === undefined ? {} : { pan: maskPan(pan) }),
      ...(rrn === undefined ? {} : { rrn }),
    },
    terminalId: rest.terminalId,
    batchNumber: rest.batchNumber,
    stan: rest.stan,
    amount,
    currencyCode,
    card,
    status: state,
    rrn: rrn ?? null,
    authorizationCode: authorizationCode ?? null,
    fee: fee ?? null,
    soldAt,
  }
}

function reasonOf(outcome: Outcome): DeclineReason | null {
  if (outcome.kind === 'answered') return outcome.answer.reason
  return outcome.kind === 'refused' ? outcome.reason : null
}

function replyOf(services: Services, outcome: Outcome, denial: Problem | null, about: About): Captured {
  const reason = reasonOf(outcome)
  if (reason !== null) services.log('refused', { type: 'captured_sale', door: 'json', reason })
  if (outcome.kind !== 'answered') return undecidedProblem(outcome, denial, about)
  const { answer, entry, replayed } = outcome
  if (answer.reason !== null) return declineProblem(answer.reason, about)
  const sale = entry?.effects.sale
  if (sale === undefined) throw new Error('a captured sale has its record')
  services.log('captured', { terminalId: sale.terminalId, stan: sale.stan, replayed })
  const headers = { location: saleAt(sale.id), ...(replayed ? REPLAYED : {}) }
  return { status: 201, body: capturedSale(sale, answer), headers }
}

export const getSale: Handler<'GET /v1/sales/{reference}'> = async (call) => {
  const { services, credential, path, query } = call
  const { reference } = path
  const { merchantId: ofMerchant } = query
  const byRrn = { saleRrn: reference, ...(ofMerchant === undefined ? {} : { merchantId: ofMerchant }) }
  const item = { credential, ...(reference.length === 12 ? byRrn : { saleId: reference }) }
  const read = async () => (await load(services.db, [item], services.now()))[0]
  let loaded = await read()
  const caller = permit(call, loaded?.credential ?? null)
  if (!caller.ok) return caller.error
  const unplaced = refuseUnplaced(call, caller.value)
  if (unplaced !== null) return unplaced
  const isSeen = (found: Loaded | undefined): boolean =>
    found?.original != null && maySee(caller.value, found.original.sale.merchantId, ofMerchant)
  const saleReply = (original: SaleState, until: number | null): Reply<'GET /v1/sales/{reference}'> => ({
    status: 200,
    body: saleBody(original, until, services.now()),
  })
  let unanswered: ClaimedSale | null = null
  if (!isSeen(loaded)) {
    unanswered = await findClaimedSale(services.db, credential, services.now(), {
      reference,
      merchantId: ofMerchant,
    })
    // The acquirer answered between the two queries.
    if (unanswered?.isAnswered) loaded = await read()
  }
  const original = isSeen(loaded) ? loaded?.original : null
  if (original != null && loaded?.merchant != null)
    return saleReply(original, endOfWindow(original.sale, loaded.merchant))
  return unanswered === null
    ? notInTables(call, reference, ofMerchant)
    : saleReply(unanswered.original, unanswered.until)
}
