/** @module The shape of the source: imports, use of the runtime, bans, file lengths. */

import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { passesLuhn } from '../src/domain/card-number.ts'
import { isTestCard } from '../src/terminal/test-cards.ts'
import { commentsOf, faultsOf, retiredIn, tomlCommentsOf } from './support/source-words.ts'

const walk = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posix.join(entry.parentPath.replaceAll('\\', '/'), entry.name))

/** Made by tools. */
const GENERATED = ['package-lock.json', 'worker-configuration.d.ts']
const root = readdirSync('.').filter((name) => /\.(md|ts|toml|json)$/.test(name) && !GENERATED.includes(name))
const files = [...walk('src'), ...walk('assembly'), ...walk('test'), ...walk('migrations'), ...root]
  .filter((path) => /\.(ts|md|toml|json|sql|hex|snap)$/.test(path))
  .sort()
const text = new Map(files.map((path) => [path, readFileSync(path, 'utf8')]))
const scripts = files.filter((path) => path.endsWith('.ts'))
const source = scripts.filter((path) => path.startsWith('src/'))

/** This file names the bans. */
const SELF = 'test/tidy.test.ts'

const textOf = (path: string): string => text.get(path) ?? ''
const withoutComments = (path: string): string =>
  textOf(path).replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, '$1')

interface Import {
  readonly from: string
  /** A path of the repository, or a package's name. */
  readonly to: string
  readonly names: readonly string[]
  readonly typeOnly: boolean
}

const imports: readonly Import[] = scripts.flatMap((from) =>
  [
    ...withoutComments(from).matchAll(
      /\b(?:import|export)\s+(?:(type)\s+)?([\w*{][\w*{},\s]*?)\s*from\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|^import\s+'([^']+)'/gm,
    ),
  ].map(([, type, clause = '', named, dynamic, bare]) => {
    const specifier = named ?? dynamic ?? bare ?? ''
    return {
      from,
      to: specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : specifier,
      names:
        dynamic === undefined
          ? clause.split(/[{},]/).map((name) =>
              name
                .trim()
                .replace(/^type /, '')
                .replace(/ as .*/, ''),
            )
          : ['* at run time'],
      typeOnly: type !== undefined,
    }
  }),
)

/** The violations of one rule, as `file → what`. */
const offences = (of: readonly Import[], allowed: (one: Import) => boolean): string[] =>
  of.filter((one) => !allowed(one)).map(({ from, to }) => `${from} → ${to}`)

/** The layer of a file of `src/`: its folder, or its own name. */
const layerOf = (path: string): string => path.replace(/^src\//, '').replace(/\/.*/, '')

/** The permitted imports (ARCHITECTURE.md, Rooms). A layer may always import itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'index.ts': ['app.ts', 'create-services.ts', 'pipeline'],
  'app.ts': ['admission', 'api', 'pipeline', 'pos'],
  'create-services.ts': ['acquirer', 'core', 'crypto', 'domain', 'iso8583', 'pipeline', 'store'],
  pos: ['admission', 'core', 'crypto', 'domain', 'http', 'iso8583', 'pipeline', 'store'],
  api: ['admission', 'core', 'crypto', 'domain', 'http', 'iso8583', 'pipeline', 'store'],
  pipeline: ['acquirer', 'core', 'crypto', 'domain', 'store'],
  iso8583: ['core', 'domain'],
  store: ['domain'],
  acquirer: ['core', 'domain', 'http', 'iso8583'],
  http: ['domain'],
  crypto: ['domain'],
  core: [],
  admission: ['domain'],
  domain: [],
  'env.d.ts': [],
  // Beside the pipeline: the virtual terminal uses the wire, never the service. The command uses both.
  terminal: ['core', 'domain', 'iso8583'],
  // A Worker of its own: the wire and nothing of the service.
  simulator: ['core', 'domain', 'iso8583'],
  // A program of its own: of the API it takes types only.
  client: ['api'],
  cli: ['core', 'crypto', 'domain', 'iso8583', 'simulator', 'store', 'terminal'],
}

const inSource = imports.filter(({ from }) => from.startsWith('src/'))
const isPackage = ({ to }: Import): boolean => !/^(src|build|test|docs)\//.test(to)

describe('imports', () => {
  it('are read completely: every line that imports', () => {
    expect(inSource.length).toBeGreaterThan(200)
    for (const path of source) {
      const lines = withoutComments(path).match(/^(import|export (type )?[*{]).*|^} from '.*/gm) ?? []
      const froms = lines.filter((line) => /'[^']+'\s*(with \{[^}]*\})?;?$/.test(line)).length
      expect([
        path,
        imports.filter(({ from, names }) => from === path && names[0] !== '* at run time').length,
      ]).toEqual([path, froms])
    }
  })

  it('follow the permitted directions', () => {
    expect(source.filter((path) => MAY_IMPORT[layerOf(path)] === undefined)).toEqual([])
    const own = inSource.filter((one) => one.to.startsWith('src/'))
    expect(
      offences(own, ({ from, to }) => {
        const layer = layerOf(from)
        return layerOf(to) === layer || (MAY_IMPORT[layer] ?? []).includes(layerOf(to))
      }),
    ).toEqual([])
  })

  it('form no cycle', () => {
    const next = new Map<string, string[]>()
    for (const { from, to } of inSource) next.set(from, [...(next.get(from) ?? []), to])
    const done = new Set<string>()
    const visit = (path: string, above: readonly string[]): void => {
      if (above.includes(path)) expect.fail([...above.slice(above.indexOf(path)), path].join(' → '))
      if (done.has(path)) return
      for (const to of next.get(path) ?? []) visit(to, [...above, path])
      done.add(path)
    }
    for (const path of source) visit(path, [])
  })

  it('of the core’s module occur only where a Worker starts', () => {
    const wasm = inSource.filter(({ to }) => to.endsWith('.wasm') || to.startsWith('build/'))
    expect(wasm.map(({ from, to }) => `${from} → ${to}`)).toEqual([
      'src/index.ts → build/core.wasm',
      'src/simulator/index.ts → build/core.wasm',
    ])
  })

  it('of the client are types only', () => {
    const ofClient = inSource.filter(({ from }) => from.startsWith('src/client/'))
    expect(ofClient.length).toBeGreaterThan(3)
    expect(offences(ofClient, ({ to, typeOnly }) => typeOnly || to.startsWith('src/client/'))).toEqual([])
  })

  it('of source never reach into the tests', () => {
    expect(offences(inSource, ({ to }) => !to.startsWith('test/'))).toEqual([])
  })

  /** Package → its permitted importers. */
  const PACKAGES: Readonly<Record<string, (one: Import) => boolean>> = {
    // index.ts names the application's type and runs nothing of it.
    hono: ({ from, typeOnly }) =>
      /^src\/(api\/|pos\/|http\/|app\.ts$)/.test(from) || (from === 'src/index.ts' && typeOnly),
    'drizzle-orm': ({ from }) => from.startsWith('src/store/'),
    zod: ({ from, typeOnly }) =>
      from.startsWith('src/api/json/') || (/^src\/(api|client)\//.test(from) && typeOnly),
    assemblyscript: ({ from }) => from === 'src/cli/build.ts',
  }

  it('of packages occur only in their layer', () => {
    expect(
      offences(inSource.filter(isPackage), (one) =>
        one.to.startsWith('node:')
          ? one.from.startsWith('src/cli/')
          : (PACKAGES[one.to.split('/')[0] ?? '']?.(one) ?? false),
      ),
    ).toEqual([])
  })

  it('of the core’s source stay inside it', () => {
    const inAssembly = imports.filter(({ from }) => from.startsWith('assembly/'))
    expect(offences(inAssembly, ({ to }) => to.startsWith('assembly/') || isAssembly(to))).toEqual([])
  })

  const isAssembly = (to: string): boolean => scripts.includes(`${to}.ts`) && to.startsWith('assembly/')
})

describe('the runtime', () => {
  /** Exceptions, with the reason. The command is a separate program and not in this table. */
  const TOUCHES: readonly [RegExp, string, Readonly<Record<string, string>>][] = [
    [
      /\bDate\.now\b|\bnew Date\(\)|\bperformance\./,
      'the clock',
      {
        'src/client/runtime.ts': 'a program of its own: the default of what its user may replace',
        'src/index.ts': 'passes it on',
        'src/pipeline/group-commit.ts': 'measures how long a set has been in flight; decides nothing',
        'src/simulator/index.ts': 'passes it on',
      },
    ],
    [
      /\bgetRandomValues\b|\brandomUUID\b|\bMath\.random\b/,
      'randomness',
      {
        'src/client/runtime.ts': 'a program of its own: the default of what its user may replace',
        'src/index.ts': 'passes it on',
        'src/simulator/index.ts': 'the core asks for it',
      },
    ],
    [/\bconsole\./, 'the log', { 'src/index.ts': 'passes it on' }],
    [
      /\bprocess\.(env|argv|exit|std|hrtime|cwd)|\bEnv\b|\bglobalThis\b|\bcaches\./,
      'the environment',
      {
        'src/index.ts': 'passes it on',
        'src/env.d.ts': 'declares its types',
      },
    ],
    [
      /\bset(Timeout|Interval)\b/,
      'timers',
      {
        'src/client/runtime.ts': 'a program of its own: the default of what its user may replace',
        'src/index.ts': 'passes a wait on',
        'src/pipeline/group-commit.ts': 'the deadline of a waiter, and its poll interval',
        'src/http/deadline.ts': 'the deadline of a request’s body and of its answer',
        'src/pipeline/waiter.ts': 'the deadline of a request that waits for the acquirer',
        'src/simulator/index.ts': 'passes it on',
      },
    ],
    [
      /\bfetch\(/,
      'the network',
      {
        'src/client/index.ts': 'calls what was passed on to it',
        'src/client/runtime.ts': 'a program of its own: the default of what its user may replace',
        'src/index.ts': 'passes it on; the application’s own fetch',
        'src/acquirer/send.ts': 'calls what was passed on to it',
        'src/simulator/index.ts': 'its own',
      },
    ],
  ]
  const worker = source.filter((path) => !path.startsWith('src/cli/'))
  it.each(TOUCHES)('%s: %s', (pattern, _, exceptions) => {
    const touching = worker.filter((path) => pattern.test(withoutComments(path)))
    expect(touching).toEqual(Object.keys(exceptions).sort())
  })
})

describe('bans', () => {
  /** Shows the published vectors that are out of scope, each with the reason, as tests not run. */
  const SKIPS_BY_NAME = 'test/core/vectors.contract.ts'
  const BANS: readonly [string, RegExp, (path: string) => boolean][] = [
    ['Math.random', /\bMath\.random\b/, () => true],
    ['notes to oneself', /\b(TODO|FIXME|XXX|HACK)\b/, () => true],
    ['any', /\bas any\b|: any\b|<any>|\bany\[\]/, () => true],
    ['unchecked lines', /@ts-(ignore|nocheck|expect-error)/, () => true],
    ['lint switched off without a reason', /biome-ignore(?! [\w/]+: \S)/, () => true],
    [
      'tests left out',
      /\b(it|test|describe)\.(only|skip|todo)\b|\bx(it|describe)\(/,
      (path) => path.startsWith('test/') && path !== SKIPS_BY_NAME,
    ],
    [
      'syntax that is not erasable',
      /^\s*(export )?(const )?enum \w|^\s*(export )?namespace \w/m,
      (path) => path.startsWith('src/'),
    ],
    ['debuggers', /\bdebugger\b/, () => true],
  ]
  it.each(BANS)('%s', (_, pattern, applies) => {
    const offending = scripts.filter(
      (path) => path !== SELF && applies(path) && pattern.test(textOf(path).replace(/'[^'\n]*'/g, "''")),
    )
    expect(offending).toEqual([])
  })
})

describe('files', () => {
  const LIMIT = 300
  /** Files over the limit → the reason. A file that is no longer over it leaves this list. */
  const LONG: Readonly<Record<string, string>> = {
    'test/pipeline/group-commit.test.ts': 'one subject, many schedules',
    'test/cli/why.test.ts': 'one table: every kind of wrong frame, and every usual mistake of a MAC',
    'test/iso8583/describe.test.ts': 'every kind of field once masked',
    'test/pipeline/recover.test.ts': 'one subject: every try and its result',
    'test/terminal/virtual-terminal.test.ts': 'a whole day of a terminal and all its faults',
    'test/tidy.test.ts': 'the rules and their exceptions side by side',
    'test/domain/decide-acquirer-event.test.ts': 'every event in every state',
    'test/domain/reconciliation-records.test.ts': 'every state against every status of the acquirer',
    'test/worker/acquirer.test.ts': 'one subject: every answer of an acquirer, and no answer',
    'test/worker/api.test.ts': 'one API, all its routes and refusals',
    'test/worker/support.ts': 'every request of a test to a service, in one place',
    'test/worker/reasons.test.ts': 'every reason at the POS door',
  }

  it(`have at most ${LIMIT} lines, except with a reason`, () => {
    const long = scripts.filter((path) => textOf(path).split('\n').length - 1 > LIMIT)
    expect(long.filter((path) => LONG[path] === undefined)).toEqual([])
    expect(Object.keys(LONG).filter((path) => !long.includes(path))).toEqual([])
  })

  it('of source start with a description', () => {
    const ours = scripts.filter((path) => /^(src|assembly)\//.test(path) && !path.endsWith('.d.ts'))
    expect(ours.filter((path) => !/^\/\*\*(\n \*)? @module \S/.test(textOf(path)))).toEqual([])
  })

  it('of source are used', () => {
    const roots = [
      'src/index.ts',
      'src/env.d.ts',
      'src/cli/index.ts',
      'src/cli/dev/types.ts',
      'src/simulator/index.ts',
      'src/client/index.ts',
      'assembly/index.ts',
    ]
    const used = new Set(imports.filter(({ from, to }) => from !== to).flatMap(({ to }) => [to, `${to}.ts`]))
    // A separate program that another file starts by its path.
    for (const path of source)
      for (const [, name = ''] of textOf(path).matchAll(/join\([^()]*'([^']+\.ts)'\)/g))
        used.add(posix.join(posix.dirname(path), name))
    const ours = scripts.filter((path) => /^(src|assembly)\//.test(path))
    expect(ours.filter((path) => !used.has(path) && !roots.includes(path))).toEqual([])
  })

  /** Exported but imported nowhere, not even in a test. To be removed. */

  it('of source export only values that another file imports', () => {
    const unused = source.flatMap((path) => {
      const takers = imports.filter(({ to, from }) => to === path && from !== path)
      if (takers.some(({ names }) => names.some((name) => name.startsWith('*')))) return []
      const taken = new Set(takers.flatMap(({ names }) => names))
      return [...textOf(path).matchAll(/^export (?:async )?(?:const|let|function\*?|class) (\w+)/gm)]
        .map(([, name = '']) => name)
        .filter((name) => !taken.has(name))
        .map((name) => `${path} ${name}`)
    })
    expect(unused).toEqual([])
  })
})

describe('names', () => {
  /** A name that several files of src/ export → the reason. */
  const SHARED: Readonly<Record<string, string>> = {
    run: 'the entry point of each command, imported by the table of commands',
  }

  it('are exported by one file of src/', () => {
    const files = new Map<string, string[]>()
    for (const path of source)
      for (const [, name = ''] of textOf(path).matchAll(
        /^export (?:async )?(?:const|let|function\*?|class|interface|type) (\w+)/gm,
      ))
        files.set(name, [...(files.get(name) ?? []), path])
    const several = [...files].filter(([, paths]) => paths.length > 1).map(([name]) => name)
    expect(several.filter((name) => SHARED[name] === undefined)).toEqual([])
    expect(Object.keys(SHARED).filter((name) => !several.includes(name))).toEqual([])
  })
})

describe('card numbers', () => {
  /** Numbers that resemble cards but are none, or are there to be rejected. */
  const CARD_EXCEPTIONS: Readonly<Record<string, string>> = {
    '28122011234567890':
      'test/iso8583/describe.test.ts: expiry, service code and discretionary data of a track',
    '6225981234567': 'test/worker/canary.test.ts: a canary for field 61',
    '6212345678901232': 'test/terminal/golden.test.ts: a number that is no test card',
  }

  const passesForCard = (digits: string): boolean => passesLuhn(digits) && !/0{12}$/.test(digits)

  /** Runs of 13 to 19 digits that stand alone, and field 2 with its length inside a message in hex. */
  function cardsIn(path: string): string[] {
    const alone = textOf(path).match(/(?<![\w.])[2-6]\d{12,18}(?!\w)/g) ?? []
    const messages = path.startsWith('test/vectors/') ? [] : (textOf(path).match(/[0-9A-Fa-f]{40,}/g) ?? [])
    const inHex = messages.flatMap((hex) =>
      [...hex.matchAll(/16([3-6]\d{15})|19([3-6]\d{18})/g)].map(([, of16, of19]) => of16 ?? of19 ?? ''),
    )
    return [...alone, ...inHex].filter(passesForCard)
  }

  it('in the repository are test cards', () => {
    const found = files.flatMap((path) => cardsIn(path).map((number) => ({ path, number })))
    expect(found.length).toBeGreaterThan(20)
    const offending = found.filter(
      ({ number }) => !isTestCard(number) && CARD_EXCEPTIONS[number] === undefined,
    )
    expect(offending).toEqual([])
    const numbers = new Set(found.filter(({ path }) => path !== SELF).map(({ number }) => number))
    expect(Object.keys(CARD_EXCEPTIONS).filter((number) => !numbers.has(number))).toEqual([])
  })
})

describe('words of the source', () => {
  /** Folders that are not in plain English yet → why. A folder that is leaves this list. */
  const PENDING: Readonly<Record<string, string>> = {}
  /** Folder or file, and a retired name that is right there → why. */
  const ALLOWED: Readonly<Record<string, string>> = {
    'test/api/postman.ts host': 'a member of a Postman collection',
    'src/pipeline/ AcquirerStage': 'asking the acquirer is a stage of the pipeline',
    'src/pipeline/ stage': 'the same',
    'src/cli/dev/port.ts host': 'an option of Node’s own',
    'test/overload/ host': 'the same',
    'test/overload/ Host': 'a header of HTTP',
    'test/docs.test.ts room': 'a column of ARCHITECTURE.md',
    'test/simulation/mutants.ts stage': 'quoted from the pipeline',
    'test/pipeline/ AcquirerStage': 'a type of the pipeline',
    'test/fuzz/native.ts FINDING': 'printed by the fuzzer in C',
  }
  const allowedIn = (path: string): string[] =>
    Object.keys(ALLOWED).flatMap((one) => {
      const [folder = '', name = ''] = one.split(' ')
      return path.startsWith(folder) ? [name] : []
    })

  /** Files that must name the retired words. */
  const LISTS = [
    SELF,
    'test/docs-english.test.ts',
    'test/support/retired-words.ts',
    'test/support/source-words.ts',
  ]

  const ours = scripts.filter((path) => /^(src|assembly|test)\//.test(path) && !LISTS.includes(path))
  const folderOf = (path: string): string | undefined =>
    Object.keys(PENDING).find((folder) => path.startsWith(folder))
  const ready = ours.filter((path) => folderOf(path) === undefined)
  const faultsIn = (path: string): string[] =>
    [...retiredIn(textOf(path), allowedIn(path)), ...commentsOf(textOf(path)).flatMap(faultsOf)].map(
      (fault) => `${path}: ${fault}`,
    )

  it('are none of the retired ones, in sentences of at most 25 words that begin with their subject', () => {
    expect(ready.flatMap((path) => commentsOf(textOf(path))).length).toBeGreaterThan(1500)
    expect(ready.flatMap(faultsIn)).toEqual([])
  })

  it('of wrangler’s files likewise', () => {
    const comments = files
      .filter((path) => /^wrangler.*\.toml$/.test(path))
      .flatMap((path) => tomlCommentsOf(textOf(path)))
    expect(comments.length).toBeGreaterThan(10)
    expect([...comments.flatMap(faultsOf), ...comments.flatMap((one) => retiredIn(`// ${one}`))]).toEqual([])
  })

  it('that are pending or allowed are there', () => {
    const pending = Object.keys(PENDING).filter(
      (folder) => !ours.some((path) => folderOf(path) === folder && faultsIn(path).length > 0),
    )
    const allowed = Object.keys(ALLOWED).filter(
      (one) =>
        !ready.some((path) => {
          const [folder = '', name = ''] = one.split(' ')
          return path.startsWith(folder) && new RegExp(`\\b${name}\\b`).test(withoutComments(path))
        }),
    )
    expect([pending, allowed]).toEqual([[], []])
  })

  it('are noticed in comments, messages and names', () => {
    expect(retiredIn('/** It goes down the road. */')).toEqual(['road → pipeline'])
    expect(retiredIn('// The host\n// is silent.\nconst a = 1')).toEqual(['host → acquirer'])
    expect(retiredIn("throw new Error('it was told so')")).toEqual(['told → return, receive or log'])
    expect(retiredIn('const openRoad = 1 // A way.')).toEqual(['openRoad → pipeline'])
    expect(retiredIn("/** An acquirer. */ const acquirer = 'the pipeline of it'")).toEqual([])
    const long = Array(26).fill('word').join(' ')
    expect(commentsOf(`/**\n * @module A line\n * and another.\n */\n// ${long}.`)).toEqual([
      'A line\nand another.',
      `${long}.`,
    ])
    expect(faultsOf(`${long}. What a caller sends is text. Short.`)).toEqual([
      `26 words: ${long}.`,
      'turned round: What a caller sends is text.',
    ])
  })
})
