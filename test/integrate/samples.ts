/** @module The files of docs/integrate/samples: each exchange of the day as bytes, as hex and in words. */

import { describe } from '../../src/iso8583/describe.ts'
import type { Message } from '../../src/iso8583/message.ts'
import { readMessage } from '../../src/iso8583/received.ts'
import { xorLrc } from '../../src/iso8583/serial-frame.ts'
import { SM4_TERMINAL, TERMINAL } from './day.ts'
import { code, GENERATED, page, table } from './markdown.ts'
import { hexOf } from './node-ciphers.ts'
import { MERCHANT, type Sample } from './recorder.ts'

export function messageIn(frame: Uint8Array): Message {
  const read = readMessage(frame, xorLrc)
  if (!read.ok) throw new Error(read.error)
  return read.value.message
}

const frameText = (title: string, frame: Uint8Array): string =>
  `${title}, ${frame.length} bytes\n\n${describe(frame, xorLrc)}`

const answerText = ({ status, answer }: Sample): string =>
  answer === null
    ? `answer: HTTP ${status}, empty body. The outcome is not known.`
    : frameText(`answer: HTTP ${status}`, answer)

const textOf = (sample: Sample): string =>
  [`${sample.name}: ${sample.what}`, frameText('request', sample.request), answerText(sample)].join('\n\n')

function filesOf(sample: Sample): (readonly [string, string | Uint8Array])[] {
  const { name, request, answer } = sample
  const frame = (kind: string, bytes: Uint8Array): (readonly [string, string | Uint8Array])[] => [
    [`${name}.${kind}.bin`, bytes],
    [`${name}.${kind}.hex`, `${hexOf(bytes)}\n`],
  ]
  return [
    ...frame('request', request),
    ...(answer === null ? [] : frame('answer', answer)),
    [`${name}.txt`, `${textOf(sample)}\n`],
  ]
}

/** Field 39, or the codes of a settlement, or nothing. */
function outcomeOf({ status, answer }: Sample): string {
  if (answer === null) return `HTTP ${status}, no frame`
  const { fields } = messageIn(answer)
  const code = fields.get(39)
  if (code !== undefined) return `\`${code}\``
  const totals = fields.get(48) ?? ''
  return `codes \`${totals[30]}\` and \`${totals[61]}\` in field 48`
}

const index = (samples: readonly Sample[]): string =>
  table(
    ['sample', 'request', 'answer, field 39', 'what it shows'],
    samples.map((sample) => [
      `[${sample.name}](${sample.name}.txt)`,
      messageIn(sample.request).mti,
      outcomeOf(sample),
      sample.what,
    ]),
  )

const keysOf = (samples: readonly Sample[], name: string): string =>
  samples.find((sample) => sample.macKey !== null && sample.macProfile === name)?.macKey ?? ''

const keyTable = (samples: readonly Sample[]): string =>
  table(
    ['terminal (41)', 'merchant (42)', '`macProfile`', 'master key', 'MAC key in clear, after the sign-on'],
    [TERMINAL, SM4_TERMINAL].map(({ terminalId, tmk, macProfile }) => [
      `\`${terminalId}\``,
      `\`${MERCHANT}\``,
      `\`${macProfile}\``,
      `\`${tmk}\``,
      `\`${keysOf(samples, macProfile)}\``,
    ]),
  )

const readme = (samples: readonly Sample[]): string =>
  page(
    '# Sample frames of a day',
    GENERATED,
    `The real service made these answers, with a fixed clock (10:18 in Shanghai on 1 June) and fixed random numbers. A test makes
them again and compares every byte. Another test checks every MAC with node:crypto.`,
    `- \`NAME.request.bin\`: the body of the HTTP request, as the terminal sends it.
- \`NAME.answer.bin\`: the body of the HTTP response. There is none where the service returned no frame.
- \`.hex\`: the same bytes in hexadecimal, one line.
- \`.txt\`: both in words. Card numbers, expiry dates, keys and field 48 of an upload are masked there. Read them in \`.hex\`.
- \`day.json\`: the list of samples for programs, with the MAC profile and the clear MAC key of each. \`wrongMac\` marks the wrong MAC.`,
    '## Keys',
    keyTable(samples),
    `The clear MAC keys stand here so that you can check your own code. With the master key you can compute them yourself: see
"Working keys" in [mac-algorithms.md](../mac-algorithms.md).`,
    '## The samples, in order',
    index(samples),
    '## Use them',
    `Read a sample, change one thing, and print it again in words:`,
    code('npm run -s annul -- describe "$(cat docs/integrate/samples/04-void.request.hex)"', 'sh'),
    `Three checks cover most of a new terminal:

1. Parse every \`.bin\` file and build it again. The bytes must be equal.
2. Compute the MAC of every request and answer that has field 64. It must equal field 64, except in the sample with a wrong MAC.
3. Open field 62 of the sign-on with the master key. The check values must be equal.`,
  )

/** Content by path from the folder of samples; `day.json` is the index for programs. */
export function sampleFiles(samples: readonly Sample[]): Map<string, string | Uint8Array> {
  const days = samples.map(({ name, what, status, macProfile, macKey, isForged, answer }) => ({
    name,
    what,
    status,
    hasAnswer: answer !== null,
    macProfile,
    macKey,
    ...(isForged ? { wrongMac: true } : {}),
  }))
  return new Map<string, string | Uint8Array>([
    ['README.md', readme(samples)],
    ['day.json', `${JSON.stringify(days, null, 2)}\n`],
    ...samples.flatMap(filesOf),
  ])
}
