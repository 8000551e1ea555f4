/** @module A load on a service at a URL: it has the API alone, so totals come from settlements, and its keys end with it. */

import { expect, it } from 'vitest'
import { coreModule } from '../support/load-core.ts'
import { startInProcess } from './in-process.ts'
import { runLoad } from './run-load.ts'
import { SHORT_LOAD } from './short-load.ts'
import { targetAt } from './target-at.ts'

it('checks what the API shows, in a merchant of its own, and revokes its keys', async () => {
  const { url, adminKeys, storage, stop } = await startInProcess(coreModule)
  const target = await targetAt({ url, key: adminKeys[0] ?? '' })
  const load = { ...SHORT_LOAD, target: 'url', url, duration: 0.5 } as const
  const report = await runLoad(target, load, { step: () => undefined, live: () => undefined })
  const [alive] = storage.rows<{ n: number }>(
    `select count(*) as n from api_key where name = 'load' and revoked_at is null and id <> substr(hash, 1, 32)`,
  )
  await target.stop()
  const [left] = storage.rows<{ n: number }>(
    `select count(*) as n from api_key where name = 'load' and revoked_at is null and id <> substr(hash, 1, 32)`,
  )
  const merchants = storage.rows('select merchant_id, name from merchant')
  await stop()
  expect([report.violations, report.unknown, report.lost]).toEqual([[], 0, 0])
  expect(report.checked).toMatchObject({ 'totals of the batch': 18, 'rows of sales and voids': 0 })
  expect(report.checked['an inquiry agrees with the answers']).toBeGreaterThan(0)
  expect([alive?.n, left?.n]).toEqual([23, 0])
  expect(merchants).toEqual([{ merchant_id: expect.stringMatching(/^9\d{14}$/), name: 'load' }])
})
