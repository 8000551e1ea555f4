/**
 * @module The measured times. Each is counted from the time at which the message was due, so a driver that waits for the service
 * hides nothing (coordinated omission). The time from the real sending is kept beside it.
 */

import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

/** `refused`: 429 or 503, nothing was done. `lost`: no answer in time, a broken connection, or another status. */
export type Result = 'answered' | 'refused' | 'lost'

export interface Measured {
  readonly name: string
  readonly dueAt: number
  readonly sentAt: number
  readonly doneAt: number
  readonly result: Result
  readonly trips: number | null
}

export interface Series {
  /** Microseconds from the due time to the answer. */
  readonly due: RecordableHistogram
  /** Microseconds from the sending to the answer. */
  readonly sent: RecordableHistogram
  readonly refused: RecordableHistogram
  lost: number
  /** The answers by their round trips to D1. */
  readonly byTrips: Map<number, RecordableHistogram>
}

/** One second of the load, by the due times of its messages. */
export interface Second {
  readonly all: RecordableHistogram
  answered: number
  refused: number
  lost: number
}

/** Microseconds: a minute. */
const HIGHEST = 60_000_000

/** Three figures, so a value is exact within a thousandth. */
const fine = () => createHistogram({ lowest: 1, highest: HIGHEST, figures: 3 })
const coarse = () => createHistogram({ lowest: 1, highest: HIGHEST, figures: 2 })

const microseconds = (ms: number): number => Math.min(Math.max(Math.round(1000 * ms), 1), HIGHEST)

export class Measurements {
  /** The series of each kind of message. */
  readonly series = new Map<string, Series>()
  readonly seconds: Second[] = []
  readonly all: RecordableHistogram = fine()
  answered = 0
  refused = 0
  lost = 0
  /** Milliseconds of the driver’s clock at which the load begins. */
  readonly #start: number

  constructor(start: number) {
    this.#start = start
  }

  record({ name, dueAt, sentAt, doneAt, result, trips }: Measured): void {
    const series = this.#seriesOf(name)
    const due = microseconds(doneAt - dueAt)
    const second = this.#secondAt(dueAt)
    this[result]++
    second[result]++
    if (result === 'lost') series.lost++
    else if (result === 'refused') series.refused.record(due)
    else {
      series.due.record(due)
      series.sent.record(microseconds(doneAt - sentAt))
      this.all.record(due)
      second.all.record(due)
      if (trips === null) return
      const before = series.byTrips.get(trips) ?? fine()
      series.byTrips.set(trips, before)
      before.record(due)
    }
  }

  #seriesOf(name: string): Series {
    const known = this.series.get(name)
    if (known !== undefined) return known
    const series = { due: fine(), sent: fine(), refused: fine(), lost: 0, byTrips: new Map() }
    this.series.set(name, series)
    return series
  }

  #secondAt(dueAt: number): Second {
    const number = Math.max(Math.floor((dueAt - this.#start) / 1000), 0)
    while (this.seconds.length <= number)
      this.seconds.push({ all: coarse(), answered: 0, refused: 0, lost: 0 })
    return this.seconds[number] as Second
  }
}
