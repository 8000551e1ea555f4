/** @module A day with an acquirer, for the audit of its tables. */

import { loadCore } from '../../src/cli/lib/core.ts'
import { createSimulator } from '../../src/simulator/app.ts'
import { testCard } from '../../src/terminal/test-cards.ts'
import { EXAMPLE_TMK } from '../integrate/mac-examples.ts'
import { RecordedTerminal, Recorder } from '../integrate/recorder.ts'
import { openService, type Service, START } from '../integrate/service.ts'
import { DELETE_INSERTED_KEYS } from '../support/api-key-row.ts'

const MAC_KEY = '0123456789ABCDEF'

/** Forwarded sales, voids and reversals, a reversal without its target, a settlement, and bearer keys. */
export async function auditedDay(): Promise<Service> {
  const core = await loadCore()
  const simulator = createSimulator({
    core,
    macProfile: 'cup-ecb',
    macKey: Uint8Array.from(Buffer.from(MAC_KEY, 'hex')),
    now: () => START,
    sleep: async () => {},
  })
  const service = await openService({
    ACQUIRER: 'https',
    ACQUIRER_MAC_KEY: MAC_KEY,
    ACQUIRER_SERVICE: { fetch: (url, init) => simulator(new Request(url, init)) },
  })
  const recorder = new Recorder(service, core, { isNamed: false })
  for (const terminalId of ['12345678', '12345679']) {
    const pos = new RecordedTerminal(recorder, { terminalId, tmk: EXAMPLE_TMK, macProfile: 'cup-ecb' })
    await pos.provision()
    await pos.terminal.signOn()
    const stans: string[] = []
    for (let i = 0; i < 4; i++) {
      const sold = await pos.terminal.sale(1000 + 100 * i, testCard(i))
      if (!sold.ok) throw new Error(sold.error)
      stans.push(sold.value.sent.fields.get(11) ?? '')
    }
    await pos.terminal.voidSale(stans[0] ?? '')
    const voided = await pos.terminal.voidSale(stans[1] ?? '')
    if (!voided.ok) throw new Error(voided.error)
    await pos.terminal.reverse(voided.value.sent.fields.get(11))
    await pos.terminal.settle()
    await pos.terminal.sale(1500, testCard(9))
  }
  for (const merchantId of ['123456789012345', undefined])
    for (const name of ['first', 'second']) {
      const act = { 'idempotency-key': `${name}-${merchantId}` }
      const made = await service.json('POST', '/v1/keys', { merchantId, name }, act)
      if (made.status !== 201) throw new Error(`key: ${made.status}`)
    }
  service.storage.rows(DELETE_INSERTED_KEYS)
  return service
}
