/** @module The files that are generated from the contract. */

import { apiPage } from './api-page.ts'
import { openApi } from './openapi.ts'
import { postmanCollection } from './postman.ts'

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** Path → content. */
export const referenceFiles = (): ReadonlyMap<string, string> =>
  new Map([
    ['docs/openapi.json', json(openApi())],
    ['docs/annul.postman_collection.json', json(postmanCollection())],
    ['docs/api.md', apiPage()],
  ])
