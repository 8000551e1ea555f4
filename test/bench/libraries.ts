/** @module The libraries of block ciphers that the bench measures. */

import { desJs } from './libraries/des-js.ts'
import { noble } from './libraries/noble.ts'
import { nodeCrypto } from './libraries/node-crypto.ts'
import { nodeForge } from './libraries/node-forge.ts'
import { smCrypto } from './libraries/sm-crypto.ts'
import type { Library } from './library.ts'

export const LIBRARIES: readonly Library[] = [nodeCrypto, desJs, nodeForge, smCrypto, noble]
