/** @module The name of a stream of the journal as people read it. */

import { REGION_STREAM } from '../../domain/decide-api-key.ts'
import { shownTerminal } from '../../domain/terminal-number.ts'

/** A stream without the blanks of a shorter terminal number. A terminal `region` keeps them, since a stream has that name. */
export function shownStream(stream: string): string {
  const shown = shownTerminal(stream)
  return shown === REGION_STREAM ? stream : shown
}
