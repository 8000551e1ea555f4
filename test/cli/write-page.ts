/** @module `npm run docs`: rewrites `docs/cli.md`. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { cliPage } from './page.ts'

mkdirSync('docs', { recursive: true })
writeFileSync('docs/cli.md', cliPage())
