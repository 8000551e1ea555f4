/** @module The messages of the pipeline and their outcomes. */

import type { Acquirer, AcquirerRequest } from '../acquirer/port.ts'
import type { Generated, LoadedState } from '../domain/decision.ts'
import type { DeclineReason } from '../domain/decline-reason.ts'
import type { Need } from '../domain/guard.ts'
import type { AcquirerMessage, Answer, JournalEntry, Merchant, Terminal } from '../domain/types.ts'
import type { Budget } from '../store/budget.ts'
import type { Db } from '../store/db.ts'
import type { MacHead } from '../store/head-mac.ts'
import type { Loaded, LoadItem } from '../store/load.ts'
import type { CommitItem } from '../store/step.ts'
import type { Request } from './decide.ts'
import type { Timing } from './timing.ts'

/** The result of a verification. Only a verified request reaches a decision. `found` is for the answer of the door. */
export type Verdict<Found> =
  | {
      readonly kind: 'verified'
      readonly found: Found
      readonly request: Request
      /** The pending key set that this message makes current. */
      readonly keyVersion?: number
      readonly masterKey?: CommitItem['masterKey']
    }
  | { readonly kind: 'refused'; readonly found: Found; readonly reason: DeclineReason }
  /** The caller may not do this. `found` says why. */
  | { readonly kind: 'denied'; readonly found: Found }

/** Card fields of the terminal's message, by field number. They are kept for one try only. */
export type CardFields = NonNullable<AcquirerRequest['cardFields']>

/** One message from the POS door or the JSON API. */
export interface PipelineMessage<Found = unknown> {
  readonly load: LoadItem
  /** The card fields for the acquirer; absent when the message has none. */
  readonly cardFields?: CardFields
  /** The log of its request: each line names the request. Absent if the request has no id. */
  readonly log?: Log
  /** Proves the sender. May run again on a fresh load. */
  verify(loaded: Loaded): Promise<Verdict<Found>>
  /** Wipes the result of a verification that no answer uses. */
  discard?(found: Found): void
}

/** The terminal of a message, and its merchant. */
export interface TerminalContext {
  readonly terminal: Terminal
  readonly merchant: Merchant
}

export type Outcome =
  /** Decided. `entry` is in the journal; null when there was nothing to write. */
  | {
      readonly kind: 'answered'
      readonly answer: Answer
      readonly entry: JournalEntry | null
      readonly replayed: boolean
      readonly context: TerminalContext
      readonly loadedState: LoadedState
    }
  /** Refused before a decision, and nothing was written. `context` is null when the terminal is unknown. */
  | {
      readonly kind: 'refused'
      readonly reason: DeclineReason
      readonly context: TerminalContext | null
    }
  | { readonly kind: 'denied' }
  /** Forwarded to the acquirer, whose response is not known yet. The answer must not state an outcome. */
  | {
      readonly kind: 'pending'
      readonly forwarded: AcquirerMessage
      readonly claim: JournalEntry
      /** Whether this message's own commit wrote the claim. Then its request asks the acquirer. */
      readonly isNew: boolean
      readonly context: TerminalContext
      readonly loadedState: LoadedState
    }
  /** Nothing was written, and nothing is known to be wrong with the message. The sender may retry. */
  | { readonly kind: 'unavailable' }
  /** It is not known what happened. The answer must not state an outcome. */
  | { readonly kind: 'unknown' }

/** An outcome, and the result of the last verification; null when there was none. The receiver wipes it. */
export interface Settled<Found> {
  readonly outcome: Outcome
  readonly found: Found | null
}

export type WaitUntil = (promise: Promise<unknown>) => void

/** The request that submits a message. */
export interface Caller {
  readonly waitUntil: WaitUntil
  /** The budget of its invocation. Absent: a fresh one. */
  readonly budget?: Budget
  /** Called before the request to the acquirer. From then on the caller only waits. */
  beforeAcquirer(): void
  /**
   * The end of the wait for an outcome of the acquirer, in milliseconds since the epoch. Absent: the caller waits for the first
   * try only.
   */
  readonly waitsUntil?: number
  /** Takes the times of the message. Absent: nobody asks for them. */
  readonly timing?: Timing
}

/** Captured sales, voids by the JSON API, or the messages of the acquirer's list. */
export type ListKind = 'sales' | 'voids' | 'acquirer'

export interface Pipeline {
  /** Runs a message in a set with others of this isolate, then asks the acquirer when it wrote a claim. */
  submit<Found>(message: PipelineMessage<Found>, caller: Caller): Promise<Settled<Found>>
  /** Runs `submits`. The messages that it submits before it returns may share one set. */
  together<T>(submits: () => T): T
  /**
   * Runs the messages of a list in rounds, in sets with others (list.ts). Outcomes are in the order of the messages. The
   * acquirer's list does not ask the acquirer. The messages after the limit of the invocation are `unavailable`.
   */
  submitList<Found>(
    messages: readonly PipelineMessage<Found>[],
    caller: Caller,
    kind: ListKind,
  ): Promise<Settled<Found>[]>
  /** Runs a message by itself, and repeats it until it is settled. It never asks the acquirer. */
  runAlone<Found>(message: PipelineMessage<Found>): Promise<Settled<Found>>
  /** Runs an acquirer's event in a set with others. It does not ask the acquirer again. */
  submitEvent(message: PipelineMessage<null>, waitUntil: WaitUntil, budget?: Budget): Promise<Outcome>
  /** Runs the acquirer's events in sets with others, the first ones in one set. */
  submitEvents(
    messages: readonly PipelineMessage<null>[],
    waitUntil: WaitUntil,
    budget?: Budget,
  ): Promise<Outcome[]>
}

/** Writes one line of structured log. Never a card number, track, PIN block, key or whole message. */
export type Log = (event: string, detail: LogDetail) => void

/** The other members of the line. They may not replace the name of the event. */
export type LogDetail = { readonly [name: string]: unknown } & {
  readonly event?: never
  readonly region?: never
}

export interface PipelineOptions {
  readonly db: Db
  readonly acquirer: Acquirer
  /** The queries that D1 takes from one invocation. Absent: those of the paid plan. */
  readonly queryLimit?: number
  /** Fresh values for one decision. The id is of the merchant's bucket. */
  generated(merchantId: string): Generated
  /** The guards that each decision about this merchant needs beside the loaded ones. Absent: none. */
  bucketNeeds?(merchantId: string): readonly Need[]
  /** Reads the table of buckets again. Absent: the isolate has none. */
  readBuckets?(): Promise<void>
  /** Milliseconds since the epoch. */
  now(): number
  sleep(ms: number): Promise<void>
  readonly log: Log
  /** Makes the MAC of the head that an entry becomes, if the head before is the service's. */
  readonly macHead: MacHead
}

/** The options of the acquirer's stage and of the cron. */
export interface AcquirerStage extends Omit<PipelineOptions, 'generated'> {
  readonly pipeline: Pick<Pipeline, 'submitEvent' | 'submitEvents'>
  /** The budget of the invocation. Absent: each set has a fresh one. */
  readonly budget?: Budget
}
