/** @module The schemas of the routes that describe the service. */

import * as z from 'zod'
import * as v from './values.ts'

export const serviceAnswer = z.strictObject({
  name: z.literal('annul'),
  version: v.text,
  docs: v.text.describe('Path of the reference as a page.'),
  openapi: v.text.describe('Path of the OpenAPI document.'),
})

/** An OpenAPI document. Its members are those of the OpenAPI Specification 3.1. */
export const openApiDocument = z.looseObject({ openapi: v.text })
