/** @module The suites of the core, in plain Node. `test/worker/core.test.ts` runs the same in workerd. */
import { watchedCore } from '../support/load-core.ts'
import crypto from '../vectors/crypto.json' with { type: 'json' }
import cupKeys from '../vectors/cup-keys.json' with { type: 'json' }
import cupMac from '../vectors/cup-mac.json' with { type: 'json' }
import lrc from '../vectors/lrc.json' with { type: 'json' }
import { macContract } from './mac.contract.ts'
import { type Vectors, vectorContract } from './vectors.contract.ts'

const { core } = watchedCore()
macContract(core)
vectorContract(core, { crypto, cupMac, cupKeys, lrc } as unknown as Vectors)
