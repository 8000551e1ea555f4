/**
 * @module An acquirer behind a service under test. It returns the scripted answers and records its requests.
 */

import type { Acquirer, AcquirerRequest, AcquirerResponse } from '../../src/acquirer/port.ts'
import { overDatabases } from '../../src/pipeline/databases.ts'
import type { Services } from '../../src/pipeline/services.ts'

export const SILENT: AcquirerResponse = { kind: 'unknown', why: 'no answer' }
export const YES: AcquirerResponse = { kind: 'approved', rrn: 'ACQR00000001', authorizationCode: '424242' }
export const NO: AcquirerResponse = { kind: 'declined', reason: 'issuer_declined' }

export interface ScriptedAcquirer {
  readonly port: Acquirer
  readonly requests: AcquirerRequest[]
  /** Request kind → answer. A kind without a script is approved. May be changed at any time. */
  script: Partial<
    Record<
      AcquirerRequest['kind'],
      AcquirerResponse | ((request: AcquirerRequest) => Promise<AcquirerResponse>)
    >
  >
  kinds(): string[]
}

export function scriptedAcquirer(recovery: Acquirer['recovery'] = 'inquiry'): ScriptedAcquirer {
  const requests: AcquirerRequest[] = []
  const acquirer: ScriptedAcquirer = {
    requests,
    script: {},
    kinds: () => requests.map(({ kind }) => kind),
    port: {
      takesSales: true,
      receivingInstitution: '03080000',
      isRemote: true,
      recovery,
      async ask(request) {
        requests.push(request)
        const answer = acquirer.script[request.kind] ?? YES
        return typeof answer === 'function' ? answer(request) : answer
      },
    },
  }
  return acquirer
}

/** The same services with another acquirer. */
export function withAcquirer(services: Services, acquirer: Acquirer): Services {
  return overDatabases({ ...services, acquirer })
}
