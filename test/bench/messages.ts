/** @module A dozen voids with chip data, 150 to 180 bytes each, as a terminal sends them. */

import { buildFrame, HEADER_LENGTH } from '../../src/iso8583/frame.ts'
import { packWithMac } from '../../src/iso8583/mac.ts'
import { type Message, messageOf, unpack } from '../../src/iso8583/message.ts'
import { xorLrc } from '../../src/iso8583/serial-frame.ts'
import { voidRequest } from '../../src/terminal/messages.ts'
import { type LogEntry, newTerminalState } from '../../src/terminal/state.ts'
import { testCard } from '../../src/terminal/test-cards.ts'

interface VoidMessage {
  readonly message: Message
  /** MTI to field 64. */
  readonly body: Uint8Array
  /** The whole TPDU frame. */
  readonly frame: Uint8Array
}

const CHIP_DATA = '9F2608112233445566778882027C009F3602001A9F2701809F3704A1B2C3D49505000004E8009A03261201'
const TPDU = Uint8Array.of(0x60, 0, 3, 0, 0)

function voidAt(index: number): VoidMessage {
  const state = newTerminalState('898310058124024', String(12_345_678 + index), 'cup-ecb')
  const sale: LogEntry = {
    kind: 'sale',
    batchNumber: '000007',
    stan: String(100 + 37 * index).padStart(6, '0'),
    amount: 1_234 * (index + 1),
    pan: testCard(index + 1),
    status: 'approved',
    rrn: String(612_345_000_000 + 9_871 * index),
    authorizationCode: String(200_000 + 501 * index),
  }
  const entry: LogEntry = { ...sale, kind: 'void', stan: String(101 + 37 * index).padStart(6, '0') }
  const { mti, fields } = voidRequest(state, entry, sale)
  const chip = CHIP_DATA.slice(0, CHIP_DATA.length - (index % 2 === 0 ? 0 : 10))
  const message = messageOf(mti, [...fields, [55, chip], [63, '303120']])
  const body = packWithMac(message, () => new Uint8Array(8).fill(index))
  const read = unpack(body)
  if (!read.ok) throw new Error(read.error.why)
  return {
    message: read.value,
    body,
    frame: buildFrame('tpdu', TPDU, new Uint8Array(HEADER_LENGTH), body, xorLrc),
  }
}

export const VOIDS: readonly VoidMessage[] = Array.from({ length: 12 }, (_, index) => voidAt(index))
