/** @module An acquirer behind a service under test: it says what the test scripted, and remembers what it was asked. */

import type { Acquirer, AcquirerRequest, AcquirerResponse } from '../../src/acquirer/port.ts'
import { createPipeline } from '../../src/pipeline/process.ts'
import type { Services } from '../../src/pipeline/services.ts'

export const SILENT: AcquirerResponse = { kind: 'unknown', why: 'no answer' }
export const YES: AcquirerResponse = { kind: 'approved', rrn: 'ACQR00000001', authorizationCode: '424242' }
export const NO: AcquirerResponse = { kind: 'declined', reason: 'issuer_declined' }

export interface ScriptedAcquirer {
  readonly port: Acquirer
  readonly asked: AcquirerRequest[]
  /** What is asked → what it says; all it is not told is approved. May be changed at any time. */
  script: Partial<
    Record<
      AcquirerRequest['kind'],
      AcquirerResponse | ((question: AcquirerRequest) => Promise<AcquirerResponse>)
    >
  >
  kinds(): string[]
}

export function scriptedAcquirer(recovery: Acquirer['recovery'] = 'inquiry'): ScriptedAcquirer {
  const asked: AcquirerRequest[] = []
  const acquirer: ScriptedAcquirer = {
    asked,
    script: {},
    kinds: () => asked.map(({ kind }) => kind),
    port: {
      takesSales: true,
      receivingInstitution: '03080000',
      isRemote: true,
      recovery,
      async ask(question) {
        asked.push(question)
        const answer = acquirer.script[question.kind] ?? YES
        return typeof answer === 'function' ? answer(question) : answer
      },
    },
  }
  return acquirer
}

/** The same services with another acquirer behind them. */
export function behind(made: Services, acquirer: Acquirer): Services {
  const services = { ...made, acquirer }
  return { ...services, pipeline: createPipeline(services) }
}
