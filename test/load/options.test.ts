/** @module The arguments of `npm run load`: defaults, bounds, and what keeps a load away from other machines. */

import { describe, expect, it } from 'vitest'
import { seeded } from '../support/micro-random.ts'
import { drawKind } from './mix.ts'
import { OptionError, readOptions } from './options.ts'

const read = (...args: string[]) => readOptions(args, 5)
const why = (...args: string[]): string => {
  try {
    read(...args)
  } catch (error) {
    if (error instanceof OptionError) return error.message
    throw error
  }
  return expect.fail(`accepted ${args.join(' ')}`)
}

describe('options', () => {
  it('have defaults', () => {
    expect(read()).toMatchObject({
      ...{ target: 'workerd', url: null, rate: 100, isRamp: false, duration: 20, terminals: 200 },
      ...{ connections: 64, acquirer: 'sandbox', isStorm: false, lose: 0.02, d1Ms: 0, floors: 12, seed: 5 },
      ...{ json: null, html: null, dir: null, isPinned: false, objectives: [], compare: null },
    })
    expect(read('--ramp')).toMatchObject({ rate: 50, duration: 120 })
  })

  it('read every value', () => {
    const all = read(
      ...['--target', 'dev', '--rate', '12.5', '--duration', '7', '--terminals', '9', '--connections', '3'],
      ...[
        '--acquirer',
        'https',
        '--storm',
        '--lose',
        '0',
        '--floors',
        '0',
        '--seed',
        '77',
        '--json',
        'a.json',
      ],
      ...[
        '--html',
        'a.html',
        '--objective',
        'p99=50',
        '--objective',
        'p99.9=200.5ms',
        '--mix',
        'sale=2,void=1',
      ],
    )
    expect(all).toMatchObject({
      ...{ target: 'dev', rate: 12.5, duration: 7, terminals: 9, connections: 3, acquirer: 'https' },
      ...{ isStorm: true, lose: 0, floors: 0, seed: 77, json: 'a.json', html: 'a.html' },
      objectives: [
        { name: 'p99', percentile: 99, ms: 50 },
        { name: 'p99.9', percentile: 99.9, ms: 200.5 },
      ],
    })
    expect(all.mix).toEqual({
      ...{ sale: 2, void: 1, inquiry: 0, copy: 0, reversal: 0, rival: 0, late: 0, 'sign-on': 0 },
    })
  })

  it.each([
    [['--rate', '0'], '--rate: expected a number from 1 to 20000'],
    [['--rate', '20001'], '--rate'],
    [['--rate', 'fast'], '--rate'],
    [['--rate', ''], '--rate'],
    [['--duration', '3601'], '--duration'],
    [['--rate', '20000', '--duration', '3600'], 'at most 2000000 arrivals'],
    [['--terminals', '0'], '--terminals'],
    [['--terminals', '5001'], '--terminals'],
    [['--terminals', '2.5'], 'expected a whole number'],
    [['--lose', '0.6'], '--lose'],
    [['--mix', 'sale'], '--mix: expected sale=N,void=N'],
    [['--mix', 'refund=1'], '--mix'],
    [['--mix', 'sale=0'], 'a weight above 0'],
    [['--objective', 'p100=5'], '--objective: expected a percentile and milliseconds'],
    [['--objective', 'p0=5'], '--objective'],
    [['--objective', 'fast'], '--objective'],
    [['--target', 'cloud'], '--target: expected dev or workerd'],
    [['--acquirer', 'book'], '--acquirer: expected sandbox or https'],
    [['--target', 'dev', '--d1-ms', '10'], '--d1-ms: only the target workerd'],
    [['--target', 'dev', '--dir', '/tmp'], '--dir: only the target workerd'],
    [['--target', 'dev', '--pin'], '--pin: only the processes of the target workerd'],
    [['--yes-this-is-mine'], 'expected with --url'],
    [['--compare', 'a.json'], '--compare: expected two files'],
    [['--compare', 'a', 'b', 'c'], '--compare: expected two files'],
    [['a.json'], 'a.json: expected options only'],
    [['--unknown'], "Unknown option '--unknown'"],
  ])('refuse %j', (args, words) => {
    expect(why(...args)).toContain(words)
  })

  it('keep a load on this machine, unless the caller owns the service', () => {
    const key = ['--key', 'k']
    for (const url of ['http://127.0.0.1:8787', 'http://localhost:1', 'http://[::1]:8787'])
      expect(read('--url', url, ...key)).toMatchObject({
        target: 'url',
        url: new URL(url),
        key: 'k',
        floors: 0,
      })
    for (const url of [
      'https://annul.example',
      'http://10.0.0.1',
      'http://127.0.0.1.example',
      'http://[::2]',
    ])
      expect(why('--url', url, ...key)).toContain('not on this machine')
    const mine = ['--url', 'https://annul.example', '--yes-this-is-mine']
    expect(read(...mine, ...key)).toMatchObject({ target: 'url', key: 'k' })
    expect(why(...mine)).toContain('--key')
    expect(why('--url', 'annul.example')).toContain('http:// or https://')
    expect(why('--url', 'file:///etc')).toContain('http:// or https://')
    expect(why('--url', 'http://localhost', ...key, '--floors', '5')).toContain('--floors')
    expect(why('--url', 'http://localhost', ...key, '--acquirer', 'https')).toContain('--acquirer')
  })
})

describe('the mix', () => {
  it('draws each kind by its weight, and no other', () => {
    const { mix } = read('--mix', 'sale=3,void=1')
    const random = seeded(1)
    const drawn = Array.from({ length: 20_000 }, () => drawKind(mix, random))
    const share = (kind: string) => drawn.filter((one) => one === kind).length / drawn.length
    expect(new Set(drawn)).toEqual(new Set(['sale', 'void']))
    expect(Math.abs(share('sale') - 0.75)).toBeLessThan(0.02)
  })
})
