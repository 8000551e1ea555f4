import { book } from '../../src/acquirer/book.ts'
import { sandbox } from '../../src/acquirer/sandbox.ts'
import { MAC_PROFILES } from '../../src/domain/terminal-profile.ts'
import { acquirerContract } from './acquirer.contract.ts'
import { openHttpsHarness } from './https-harness.ts'

acquirerContract('sandbox', () => sandbox, { keepsBooks: false })
acquirerContract('book', () => book, { keepsBooks: false })
for (const macProfile of MAC_PROFILES)
  acquirerContract(`https, ${macProfile}`, () => openHttpsHarness({ macProfile }).acquirer, {
    keepsBooks: true,
  })
