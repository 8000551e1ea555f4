/** @module @noble/ciphers: its own CMAC, in JavaScript. */

import { cmac } from '@noble/ciphers/aes.js'
import type { Library } from '../library.ts'

export const noble: Library = { name: '@noble/ciphers', cmac: (key) => (message) => cmac(message, key) }
