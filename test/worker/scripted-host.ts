/** @module A host behind a service under test: it says what the test scripted, and remembers what it was asked. */

import type { Acquirer, HostAnswer, HostQuestion } from '../../src/host/port.ts'
import { openRoad } from '../../src/process.ts'
import type { Services } from '../../src/services.ts'

export const SILENT: HostAnswer = { kind: 'unknown', why: 'no answer' }
export const YES: HostAnswer = { kind: 'approved', rrn: 'HOST00000001', authorizationCode: '424242' }
export const NO: HostAnswer = { kind: 'declined', reason: 'issuer_declined' }

export interface ScriptedHost {
  readonly acquirer: Acquirer
  readonly asked: HostQuestion[]
  /** What is asked → what it says; all it is not told is approved. May be changed at any time. */
  script: Partial<
    Record<HostQuestion['kind'], HostAnswer | ((question: HostQuestion) => Promise<HostAnswer>)>
  >
  kinds(): string[]
}

export function scriptedHost(recovery: Acquirer['recovery'] = 'inquiry'): ScriptedHost {
  const asked: HostQuestion[] = []
  const host: ScriptedHost = {
    asked,
    script: {},
    kinds: () => asked.map(({ kind }) => kind),
    acquirer: {
      takesSales: true,
      receivingInstitution: '03080000',
      isRemote: true,
      recovery,
      async ask(question) {
        asked.push(question)
        const answer = host.script[question.kind] ?? YES
        return typeof answer === 'function' ? answer(question) : answer
      },
    },
  }
  return host
}

/** The same services with another acquirer behind them. */
export function behind(made: Services, acquirer: Acquirer): Services {
  const road = { ...made.road, acquirer }
  return { ...made, acquirer, road, group: openRoad(road) }
}
