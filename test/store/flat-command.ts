/** @module `node test/store/flat-command.ts`: prints what a void costs in databases of 1,000 to 10,000,000 sales, as a ratio to the smallest. */

import { parseArgs } from 'node:util'
import { measureFlat } from './flat.ts'

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1000,100000,1000000,10000000' },
    rounds: { type: 'string', default: '400' },
  },
})

const rows = await measureFlat(values.sizes.split(',').map(Number), Number(values.rounds))
for (const { sales, bytes, voidMs, saleMs } of rows) {
  const [ofVoid, ofSale] = [voidMs / (rows[0]?.voidMs ?? 1), saleMs / (rows[0]?.saleMs ?? 1)]
  const figures = [`void ${ofVoid.toFixed(2)}`, `sale ${ofSale.toFixed(2)}`, `${Math.round(bytes / 1e6)} MB`]
  process.stdout.write(`${sales} sales: ${figures.join(', ')}\n`)
}
