/**
 * @module The tables of docs/ match the code: fields, messages, MACs, codes, reasons, states, times, limits,
 * settings.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { MEANINGS } from '../src/acquirer/response-codes.ts'
import { BEARER_KEY, RETRY_AFTER } from '../src/admission/admission-controller.ts'
import { NOT_FOUND_MS } from '../src/admission/bearers.ts'
import { ADDRESS_SPACE, KEY_SPACE, SPACES } from '../src/admission/body-spaces.ts'
import { PRIORITIES } from '../src/admission/concurrency-limit.ts'
import { GUESSES_OF_NETWORK, MAC_GUESSES } from '../src/admission/mac-guesses.ts'
import { ALL_SIGN_ONS, SIGN_ON, SIGN_ON_SHARE, SIGN_ONS_OF_ADDRESS } from '../src/admission/sign-ons.ts'
import { PROVED_FOR_MS, UNPROVED } from '../src/admission/sources.ts'
import { TERMINAL, WITHOUT_MAC } from '../src/admission/terminals.ts'
import { API_REFUSALS } from '../src/api/json/refusals.ts'
import * as states from '../src/domain/acquirer-state.ts'
import { DEFAULT_MERCHANT } from '../src/domain/admit.ts'
import { REFUSALS, refusalOf } from '../src/domain/decline-reason.ts'
import { PENDING_KEYS_MS, WORKING_KEYS_MS } from '../src/domain/key-lifetime.ts'
import { isMalleable, macAlgorithmOf, makLengthOf } from '../src/domain/mac-profile.ts'
import { MAC_PROFILES } from '../src/domain/terminal-profile.ts'
import { formatFault, transactionTypeOf } from '../src/iso8583/cup.ts'
import { ISO_CONTENT_TYPE } from '../src/iso8583/frame.ts'
import { ELEMENTS } from '../src/iso8583/spec.ts'
import { BATCH_BODY_LIMIT, BATCH_FRAMES } from '../src/pos/batch-body.ts'
import { BATCH_PATH, TERMINAL_BODY_LIMIT, TERMINAL_PATHS } from '../src/pos/door.ts'
import { KEPT_MS } from '../src/pos/reply-cache.ts'
import { columnOf as column, rowsOfTable as table } from './support/doc-tables.ts'

const read = (path: string): string => readFileSync(path, 'utf8')
const PROTOCOL = read('docs/protocol.md')
const SEMANTICS = read('docs/semantics.md')
const RELIABILITY = read('docs/reliability.md')

const codesIn = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
const says = (page: string, words: string): void =>
  expect([words, page.includes(words)]).toEqual([words, true])

describe('docs/protocol.md', () => {
  it('has the paths, the content type and the limit of the POS door', () => {
    expect(column(table(PROTOCOL, '| path | remark |'), 0)).toEqual([...TERMINAL_PATHS])
    says(PROTOCOL, `\`${ISO_CONTENT_TYPE}\``)
    says(PROTOCOL, `${TERMINAL_BODY_LIMIT.toLocaleString('en-US')} bytes`)
  })

  it('has the path and the bounds of a batch', () => {
    says(PROTOCOL, `\`POST ${BATCH_PATH}\``)
    says(PROTOCOL, `at most ${BATCH_FRAMES} packets and ${BATCH_BODY_LIMIT.toLocaleString('en-US')} bytes`)
  })

  it('has the field table', () => {
    const rows = table(PROTOCOL, '| field | name | format | length | max | alignment |')
    expect(rows).toEqual(
      ELEMENTS.map(({ number, name, format, length, max, alignment }) =>
        [number, name, format, length, max, alignment].map(String),
      ),
    )
  })

  const messages = table(PROTOCOL, '| transaction | MTI | 3 | 25 | 60.1 | 60.3 | MAC |')
  const NAMES = {
    'sign-on': 'sign_on',
    'sign-off': 'sign_off',
    echo: 'echo',
    sale: 'sale',
    'void of a sale': 'void',
    'reversal of a sale': 'sale_reversal',
    'reversal of a void': 'void_reversal',
    settlement: 'settlement',
    'batch upload': 'upload',
    'end of upload': 'upload_end',
  } as const

  it("names every transaction by the code's name", () => {
    expect(column(messages, 0)).toEqual(Object.keys(NAMES))
    for (const [name = '', mti = '', processing = '', condition = '', type = '', codes = ''] of messages)
      for (const code of codes === '' ? ['000'] : codesIn(codes.includes('`') ? codes : `\`${codes}\``)) {
        const fields = new Map([
          ...(processing === '' ? [] : [[3, processing] as const]),
          ...(condition === '' ? [] : [[25, condition] as const]),
          [60, `${type}000001${code}`] as const,
        ])
        expect([name, code, transactionTypeOf({ mti, fields })]).toEqual([
          name,
          code,
          NAMES[name as keyof typeof NAMES],
        ])
      }
  })

  it('names the mandatory fields of every decision', () => {
    const rows = table(PROTOCOL, '| transaction | mandatory fields |')
    const mandatory = new Map<string, number[]>()
    for (const [names = '', fields = ''] of rows)
      for (const name of names.split(', ')) mandatory.set(name, (fields.match(/\d+/g) ?? []).map(Number))
    const USABLE: Readonly<Record<number, string>> = { 48: '', 61: '000001000002' }
    for (const [name, type] of Object.entries(NAMES)) {
      const wanted = mandatory.get(name.startsWith('reversal') ? 'reversal' : name)
      const fields = new Map<number, string>()
      const found: number[] = []
      for (;;) {
        const missing = formatFault(type, { mti: '', fields })
        if (missing === undefined || fields.has(missing)) break
        found.push(missing)
        fields.set(missing, USABLE[missing] ?? '1')
      }
      expect([name, found.toSorted((a, b) => a - b)]).toEqual([name, wanted])
    }
  })

  it('has every MAC profile, its algorithm, its key and the profiles that fold', () => {
    const rows = table(PROTOCOL, '| MAC profile | algorithm | MAC key | field 64 |')
    expect(column(rows, 0)).toEqual([...MAC_PROFILES])
    const LETTERS: Readonly<Record<string, string>> = {
      'cup-ecb': 'A',
      'x9.9': 'B',
      'x9.19': 'C',
      'x9.19-bin4': 'C',
      'x9.19-hex4': 'C',
      'cup-sm4': 'D',
      'xor-3des': 'E',
      'cup-sm4-bin': 'D',
    }
    for (const profile of MAC_PROFILES) {
      const [, algorithm, key] = rows.find(([name]) => name === profile) ?? []
      const letter = LETTERS[macAlgorithmOf(profile)]
      expect([algorithm, key], profile).toEqual([`4 ${letter}`, `${makLengthOf(profile)} bytes`])
    }
    const folding = /\*\*Folding profiles\.\*\* ([^.]*? fold)/.exec(PROTOCOL)?.[1]
    expect(codesIn(folding)).toEqual(MAC_PROFILES.filter(isMalleable))
  })

  it('explains every response code for each request', () => {
    const rows = table(PROTOCOL, '| codes | sale or void | repeated void | reversal | inquiry |')
    const documented = rows.flatMap(([codes = '', ...meanings]) =>
      codes.split(', ').map((code) => [code, ...meanings] as const),
    )
    const ours = Object.entries(MEANINGS).map(([code, { requested, repeated, reversed, inquired }]) => [
      code,
      requested,
      repeated,
      reversed,
      inquired,
    ])
    const byCode = (a: readonly string[], b: readonly string[]) => (a[0] ?? '').localeCompare(b[0] ?? '')
    expect(documented.toSorted(byCode)).toEqual(ours.toSorted(byCode))
  })
})

describe('docs/semantics.md', () => {
  it('has every reason, in order, with field 39, status, texts and next action', () => {
    const ours = (Object.keys(REFUSALS) as (keyof typeof REFUSALS)[]).map((reason) => {
      const { responseCode, httpStatus, zh, en, doNext } = refusalOf(reason)
      return [reason, responseCode, String(httpStatus), zh, en, doNext]
    })
    expect(table(SEMANTICS, '| reason | 39 | HTTP | 中文 | English | doNext |')).toEqual(ours)
  })

  it('has every reason of the JSON API', () => {
    const ours = Object.entries(API_REFUSALS).map(([reason, { status, zh, en, doNext }]) => [
      reason,
      String(status),
      zh,
      en,
      doNext,
    ])
    expect(table(SEMANTICS, '| reason | HTTP | 中文 | English | doNext |')).toEqual(ours)
  })

  it('names existing reasons only', () => {
    const known = new Set([...Object.keys(REFUSALS), ...Object.keys(API_REFUSALS)])
    const named = [PROTOCOL, SEMANTICS].flatMap((page) =>
      [...page.matchAll(/\(`([a-z]+_[a-z_]+)`(?:, [0-9A-Z]{2})?\)|[0-9A-Z]{2} \(`([a-z_]+)`\)/g)].map(
        ([, a, b]) => a ?? b ?? '',
      ),
    )
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter((reason) => !known.has(reason))).toEqual([])
  })

  const transitions = Object.entries(states.ACQUIRER_TRANSITIONS).flatMap(([state, events]) =>
    Object.entries(events).map(([event, next]) => [state, event, next]),
  )

  it('has the state machine as a table and as a picture', () => {
    expect(column(table(SEMANTICS, '| state | meaning |'), 0)).toEqual([...states.ACQUIRER_STATES])
    expect(table(SEMANTICS, '| state | event | next state |')).toEqual(transitions)
    const picture = / {13}acquirer_approved[\s\S]*?\n###/.exec(SEMANTICS)?.[0] ?? ''
    for (const name of [...states.ACQUIRER_STATES, ...transitions.map(([, event = '']) => event)])
      expect([name, picture.includes(name)]).toEqual([name, true])
  })

  it('has the times of a forwarded message', () => {
    const times = column(table(SEMANTICS, '| after the claim | what happens |'), 0)
    for (const ms of [states.GIVE_UP_MS, states.QUIET_MS, states.DECIDE_MS])
      expect([ms, times.includes(`${ms / 1000} s`)]).toEqual([ms, true])
    says(SEMANTICS, `from 1 second to ${states.LONGEST_WAIT_MS / 1000} seconds`)
    expect(states.CASE_WAIT_MS).toBe(3_600_000)
    says(SEMANTICS, 'one try in an hour')
  })

  it('has the lifetimes of keys, as docs/protocol.md has', () => {
    const lives = [`${PENDING_KEYS_MS / 3_600_000} hours`, `${WORKING_KEYS_MS / 86_400_000} days`]
    expect(column(table(SEMANTICS, '| key set | lives after its sign-on |'), 1)).toEqual(lives)
    const protocol = read('docs/protocol.md')
    expect(column(table(protocol, '| keys | expire after the sign-on | then |'), 1)).toEqual(lives)
  })

  it('has the defaults of a merchant', () => {
    const { timeZone, cutOff, window } = DEFAULT_MERCHANT
    says(SEMANTICS, `${cutOff} in \`${timeZone}\` by default`)
    says(SEMANTICS, `\`${window.kind}\` (default)`)
  })
})

describe('docs/reliability.md', () => {
  it('says for how long an isolate keeps an answer', () => {
    const rows = table(RELIABILITY, '| what is kept | for how long | what a sender may notice |')
    expect(rows.map(([, time]) => time)).toEqual(
      [KEPT_MS, NOT_FOUND_MS, PROVED_FOR_MS].map((ms) => `${ms.toLocaleString('en-US')} ms`),
    )
  })

  it('has the rates and the priorities', () => {
    const buckets = {
      TERMINAL,
      WITHOUT_MAC,
      SIGN_ON,
      SIGN_ONS_OF_ADDRESS,
      SIGN_ON_SHARE,
      ALL_SIGN_ONS,
      BEARER_KEY,
      UNPROVED,
      MAC_GUESSES,
      GUESSES_OF_NETWORK,
    }
    const rows = table(RELIABILITY, '| bucket | burst | one more every | counted by |')
    expect(rows.map((row) => row.slice(0, 3))).toEqual(
      Object.entries(buckets).map(([name, { burst, everyMs }]) => [
        name,
        String(burst),
        `${everyMs.toLocaleString('en-US')} ms`,
      ]),
    )
    const priorities = table(RELIABILITY, '| priority | what it is | share of the limit | `Retry-After` |')
    expect(priorities.map(([priority, , , seconds]) => [priority, seconds])).toEqual(
      PRIORITIES.toReversed().map((priority) => [priority, `${RETRY_AFTER[priority]} s`]),
    )
  })

  it('has the space for bodies', () => {
    const size = (bytes: number) => (bytes < 1024 ** 2 ? `${bytes / 1024} KiB` : `${bytes / 1024 ** 2} MiB`)
    const shareOf = ({ address, site, network }: (typeof ADDRESS_SPACE)['terminal']) =>
      `an address has ${size(address)}, a /56 has ${size(site)}, a /48 or an IPv4 /24 has ${size(network)}`
    const rows = table(RELIABILITY, '| space | whose bodies | bytes | share of one sender |')
    expect(rows.map(([name, , ...sizes]) => [name, ...sizes])).toEqual([
      ['terminal', size(SPACES.terminal), shareOf(ADDRESS_SPACE.terminal)],
      ['known', size(SPACES.known), `a key has ${size(KEY_SPACE)}`],
      ['unknown', size(SPACES.unknown), shareOf(ADDRESS_SPACE.unknown)],
    ])
  })
})

it('docs/platform.md lists exactly the tables of the database', () => {
  const names = new Set<string>()
  for (const file of readdirSync('migrations')
    .filter((name) => name.endsWith('.sql'))
    .toSorted())
    for (const [, made, from = '', to] of read(`migrations/${file}`).matchAll(
      /CREATE TABLE `(?!__new_)(\w+)`|ALTER TABLE `(\w+)` RENAME TO `(?!void`)(\w+)`/g,
    )) {
      names.delete(from)
      names.add(made ?? to ?? '')
    }
  expect(column(table(read('docs/platform.md'), '| table | what it is |'), 0).toSorted()).toEqual(
    [...names].toSorted(),
  )
})

it('docs/deploy.md lists exactly the settings', () => {
  const wrangler = read('wrangler.toml')
  const vars = [...wrangler.matchAll(/^\[(?:env\.\w+\.)?vars\]\n((?:(?:#.*|\w+ = .*)\n)+)/gm)].flatMap(
    ([, body = '']) => [...body.matchAll(/^(\w+) =/gm)].map(([, name]) => name),
  )
  const bindings = [...wrangler.matchAll(/^binding = "(\w+)"/gm)].map(([, name]) => name)
  const secrets = [...wrangler.matchAll(/secret put (\w+)/g)].map(([, name]) => name)
  const interfaces = ['src/create-services.ts', 'src/acquirer/settings.ts'].map(read).join('\n')
  const declared = interfaces.matchAll(/interface (?:Environment extends )?\w*(?:Settings) \{([^}]*)\}/g)
  const used = [...declared].flatMap(([, body = '']) =>
    [...body.matchAll(/readonly (\w+)/g)].map(([, name]) => name),
  )
  expect(used.length).toBeGreaterThan(9)
  expect(column(table(read('docs/deploy.md'), '| setting | what it is |'), 0).toSorted()).toEqual(
    [...new Set([...vars, ...bindings, ...secrets, ...used])].toSorted(),
  )
})
