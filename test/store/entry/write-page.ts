/** @module `npm run docs`: writes the tables of docs/journal.md. */

import { readFileSync, writeFileSync } from 'node:fs'
import { PAGE, withTables } from './page.ts'

writeFileSync(PAGE, withTables(readFileSync(PAGE, 'utf8')))
