/** @module `npm run docs`: writes the files that come from the contract of the JSON API. */

import { writeFileSync } from 'node:fs'
import { referenceFiles } from './reference-files.ts'

for (const [path, content] of referenceFiles()) writeFileSync(path, content)
