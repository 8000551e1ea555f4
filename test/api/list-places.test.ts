/** @module The places that a list takes at admission: its lines, once its bearer key is known. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { createAdmissionController, type SlotKind } from '../../src/admission/admission-controller.ts'
import type { Priority } from '../../src/admission/concurrency-limit.ts'
import { apiDoor } from '../../src/api/door.ts'
import { ADMINISTRATOR, Metered } from '../pipeline/metered.ts'

let service: Metered
beforeAll(async () => {
  service = new Metered()
  await service.open()
})
afterAll(() => service.close())

it('counts the lines of a known key, and a list of another key as one message', async () => {
  const { services } = service
  if (services === undefined) throw new Error('the service is not open')
  const admission = createAdmissionController(services)
  const entered: [Priority, SlotKind][] = []
  const door = apiDoor(services, {
    ...admission,
    enter: (priority, kind = {}) => {
      entered.push([priority, kind])
      return admission.enter(priority, kind)
    },
  })
  const context = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} }
  const send = (path: string, lines: number, key = ADMINISTRATOR) =>
    door.request(
      path,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' },
        body: Array.from({ length: lines }, () => '{}').join('\n'),
      },
      {},
      context as unknown as ExecutionContext,
    )
  expect((await send('/v1/voids', 3)).status).toBe(200)
  expect((await send('/v1/voids', 3)).status).toBe(200)
  expect((await send('/v1/sales', 7)).status).toBe(200)
  expect((await send('/v1/voids', 9, 'made-up-key-0123456789')).status).toBe(401)
  expect(entered).toEqual([
    ['undo', { asksAcquirer: true, isJson: true, messages: 1 }],
    ['undo', { asksAcquirer: true, isJson: true, messages: 3 }],
    ['other', { asksAcquirer: false, isJson: true, messages: 7 }],
    ['undo', { asksAcquirer: true, isJson: true, messages: 1 }],
  ])
})
