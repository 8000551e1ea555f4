/** @module Runs before each file that shares its process with others. The globals must be the runtime's own. */

import { expect } from 'vitest'

const WATCHED = ['Date', 'setTimeout', 'setInterval', 'clearTimeout', 'fetch', 'crypto', 'process']

interface Process {
  readonly globals: readonly unknown[]
  file: string
}

const KEY = Symbol.for('annul.shared-process')
const holder = globalThis as unknown as { [KEY]?: Process }

const globals = WATCHED.map((name): unknown => Reflect.get(globalThis, name))
const file = expect.getState().testPath ?? ''
const shared = holder[KEY] ?? { globals, file }
holder[KEY] = shared
const replaced = WATCHED.filter((_, at) => globals[at] !== shared.globals[at])
if (replaced.length > 0) throw new Error(`${shared.file} left ${replaced.join(', ')} replaced`)
shared.file = file
