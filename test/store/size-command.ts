/** @module `node test/store/size-command.ts`: prints the bytes of docs/scale.md, by table. */

import { measure, sumOf } from './size.ts'

for (const isForwarded of [false, true]) {
  process.stdout.write(isForwarded ? 'forwarded\n' : 'not forwarded\n')
  for (const [what, sizes] of Object.entries(await measure(isForwarded))) {
    const tables = [...sizes].map(([name, bytes]) => `${name} ${Math.round(bytes)}`).join(', ')
    process.stdout.write(`  ${what}: ${Math.round(sumOf(sizes))} bytes (${tables})\n`)
  }
}
