/**
 * @module The simulated acquirer as a Worker of its own. Its ledger is in the memory of its one isolate and ends with
 * it.
 */

import coreModule from '../../build/core.wasm'
import { createCore } from '../core/instance.ts'
import { makLengthOf } from '../domain/mac-profile.ts'
import { MAC_PROFILES } from '../domain/terminal-profile.ts'
import { fromHex } from '../iso8583/hex.ts'
import { ZONE_KEY_BYTES } from '../iso8583/zone-key.ts'
import { createSimulator } from './app.ts'

interface Settings {
  readonly MAC_PROFILE: string
  /** Hex; a test key. */
  readonly MAC_KEY: string
  /** Hex; a test key. With it the MAC key is that of the last sign-on. */
  readonly ZONE_KEY?: string
}

let simulator: ReturnType<typeof createSimulator> | undefined

function open({ MAC_PROFILE, MAC_KEY, ZONE_KEY }: Settings): ReturnType<typeof createSimulator> {
  const macProfile = MAC_PROFILES.find((profile) => profile === MAC_PROFILE)
  if (macProfile === undefined) throw new RangeError(`MAC_PROFILE: expected ${MAC_PROFILES.join(' or ')}`)
  const macKey = fromHex(MAC_KEY)
  if (macKey?.length !== makLengthOf(macProfile))
    throw new RangeError(`MAC_KEY: expected ${makLengthOf(macProfile)} bytes in hex`)
  const zoneKey = ZONE_KEY === undefined ? undefined : fromHex(ZONE_KEY)
  if (ZONE_KEY !== undefined && zoneKey?.length !== ZONE_KEY_BYTES)
    throw new RangeError(`ZONE_KEY: expected ${ZONE_KEY_BYTES} bytes in hex`)
  return createSimulator({
    core: createCore(coreModule, (bytes) => crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>)),
    macProfile,
    macKey,
    zoneKey,
    now: () => Date.now(),
    sleep: (ms) => (ms === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms))),
  })
}

export default {
  async fetch(request, settings) {
    simulator ??= open(settings)
    return simulator(request)
  },
} satisfies ExportedHandler<Settings>
