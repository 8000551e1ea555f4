/** @module Everything in docs/integrate that is made from the source, as it must be. */

import { join } from 'node:path'
import { runDay } from './day.ts'
import { macAlgorithms, macExamplesJson } from './mac-algorithms.ts'
import { messageSpecification } from './message-specification.ts'
import { sampleFiles } from './samples.ts'
import { testCards } from './test-cards.ts'

export const FOLDER = join(import.meta.dirname, '../../docs/integrate')
export const SAMPLES = 'samples'

/** Content by path, from the folder. */
export async function generatedFiles(): Promise<Map<string, string | Uint8Array>> {
  const samples = await runDay()
  return new Map<string, string | Uint8Array>([
    ['message-specification.md', messageSpecification(samples)],
    ['mac-algorithms.md', macAlgorithms()],
    ['mac-examples.json', macExamplesJson()],
    ['test-cards.md', testCards()],
    ...[...sampleFiles(samples)].map(([path, content]) => [`${SAMPLES}/${path}`, content] as const),
  ])
}
