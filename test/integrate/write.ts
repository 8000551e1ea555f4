/** @module `npm run docs`: writes the generated pages and files of docs/integrate. */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FOLDER, generatedFiles, SAMPLES } from './generated.ts'

rmSync(join(FOLDER, SAMPLES), { recursive: true, force: true })
const files = await generatedFiles()
for (const [path, content] of files) {
  const target = join(FOLDER, path)
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, content)
}
process.stdout.write(`${files.size} files under docs/integrate\n`)
