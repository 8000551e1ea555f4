/**
 * @module An attacker in a world, without a key. It repeats observed frames, and sends forged ones with a
 * made-up MAC and the STANs that the terminal will use next.
 */

import { buildFrame } from '../../src/iso8583/frame.ts'
import { toHex } from '../../src/iso8583/hex.ts'
import { pack } from '../../src/iso8583/message.ts'
import { type ActorContext, Power } from './context.ts'
import { ATTACKER } from './platform/network.ts'
import { HEADER, postFrame, TPDU } from './wire.ts'

const DEADLINE_MS = 20_000

export class Attacker {
  isDone = false
  readonly #context: ActorContext

  constructor(context: ActorContext) {
    this.#context = context
  }

  start(messages: number, pause: number): void {
    const { scheduler, random, act } = this.#context
    act(new Power(ATTACKER), async () => {
      for (let i = 0; i < messages; i++) {
        await scheduler.sleep(random.delay(pause))
        await this.#disturb()
      }
      this.isDone = true
    })
  }

  async #disturb(): Promise<void> {
    const { random, observed, network, core } = this.#context
    if (observed.length === 0) return
    const { frame, message } = random.pick(observed)
    if (random.chance(0.3)) {
      await network.send(postFrame(frame), DEADLINE_MS)
      return
    }
    const stan = Number(message.fields.get(11)) + random.between(0, 3)
    const fields = new Map(message.fields)
    fields.set(11, String(stan).padStart(6, '0'))
    fields.set(64, toHex(random.fill(new Uint8Array(8))))
    const body = pack({ mti: message.mti, fields })
    const forged = buildFrame('tpdu', TPDU, HEADER, body, core.lrc)
    // The answer does not matter: the final checks find an entry that no one else sent.
    await network.send(postFrame(forged), DEADLINE_MS)
  }
}
