/** @module One try for a message whose case is open, at once and in the request of a person. */

import { leaseNow } from '../store/outbox.ts'
import { drive, safely } from './try-acquirer.ts'
import type { AcquirerStage } from './types.ts'

/** Asks the acquirer about the message, unless no try is necessary. Another driver of the message does no harm. */
export async function retryNow(stage: AcquirerStage, messageKey: string): Promise<void> {
  const leased = await safely(stage, () => leaseNow(stage.db, messageKey, stage.now()))
  if (leased != null) await drive(stage, leased)
}
