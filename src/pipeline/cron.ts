/** @module One run of the cron: keys, the echo, the settlement of days and the sizes first, then the recovery with a budget of its own. */

import { copyAdministratorKeys } from './administrator-keys.ts'
import { inEachDatabase } from './databases.ts'
import { watchGrowth } from './growth.ts'
import { recoverEach } from './recover.ts'
import type { Services } from './services.ts'
import { settleDays } from './settle-days.ts'
import { watchLine } from './watch-line.ts'

/** The duration of one recovery run in milliseconds: until the next run begins. */
const RECOVERY_MS = 60_000

/** `scheduledAt`: the time of the run, in milliseconds since the epoch. */
export async function runCron(services: Services, scheduledAt: number): Promise<void> {
  const each = inEachDatabase(services)
  await Promise.all([
    services.acquirer.renewKeys?.(),
    watchLine(each),
    settleDays(each),
    copyAdministratorKeys(services),
    ...each.map((one) => watchGrowth(one, scheduledAt)),
  ])
  await recoverEach(each, services.now() + RECOVERY_MS)
}
