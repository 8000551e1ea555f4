/**
 * @module Words that this project does not use any more, each with the word to use instead: the one list of them.
 *
 * A word may be retired in prose only (sentences of pages, comments and messages), in names only (identifiers, file names, values
 * in code and JSON), or in both. `retiredInProse` and `retiredInName` apply the list; a test gives them the text.
 */

export interface RetiredWord {
  /** What to write instead. */
  readonly say: string
  /** Matches the word in a sentence. */
  readonly prose?: RegExp
  /** Matches it in one name, such as `hostStan`, `HOST_STATES`, `demo-stage` or `only_host`. */
  readonly name?: RegExp
}

/** Matches a whole word, or its plural, in a sentence. */
const word = (...words: string[]): RegExp => new RegExp(`\\b(?:${words.join('|')})s?\\b`, 'i')

/** Matches a word, or its plural, as one part of a name in any of the usual spellings. */
const part = (...words: string[]): RegExp => {
  const spellings = words.flatMap((lower) => {
    const capital = lower.charAt(0).toUpperCase() + lower.slice(1)
    return [
      `(?<![A-Za-z])${lower}s?(?![a-z])`,
      `(?<![A-Z])${capital}s?(?![a-z])`,
      `(?<![A-Z])${lower.toUpperCase()}S?(?![A-Z])`,
    ]
  })
  return new RegExp(spellings.join('|'))
}

/** Matches one of these names and no other. */
const exactly = (...names: string[]): RegExp => new RegExp(`^(?:${names.join('|')})$`)

export const RETIRED: readonly RetiredWord[] = [
  // The acquirer's system.
  { say: 'acquirer', prose: /\bhosts?\b(?! (?:names?|headers?)\b)/i, name: part('host') },
  { say: 'reversal_refused', prose: word('host_keeps'), name: exactly('host_keeps') },
  { say: 'reversal_declined', prose: word('host_refuses'), name: exactly('host_refuses') },
  { say: 'no_answer', prose: word('host_silent'), name: exactly('host_silent') },
  { say: 'record_differs', prose: word('host_differs'), name: exactly('host_differs') },
  { say: 'only_acquirer', prose: word('only_host'), name: exactly('only_host') },
  // The way of a message.
  { say: 'pipeline', prose: word('road'), name: part('road') },
  { say: 'the POS door and the JSON API', prose: /\bdoors\b/i },
  { say: 'JSON API', prose: /\bJSON doors?\b/i },
  { say: 'POS door', prose: /\bterminal doors?\b/i },
  { say: 'generated values', prose: word('supplies'), name: part('supplies') },
  { say: 'loaded state', prose: word('situation'), name: part('situation') },
  { say: 'claim context', name: exactly('Known', 'knownOf') },
  { say: 'current answer', name: exactly('asItStands') },
  { say: 'PosRequest, LookupKey or SimulatedRequest', name: exactly('Asked', 'asked') },
  {
    say: 'what it is: TerminalContext, Slot, MessageIdentity, KeyContext, Cursor or AcquirerReference',
    name: /Place(?:Of)?$|^placeOf$/,
  },
  // Admission.
  { say: 'admission controller', prose: word('doorkeeper'), name: part('doorkeeper') },
  { say: 'concurrency limit', prose: word('gate'), name: part('gate') },
  { say: 'admission', name: part('shed') },
  { say: 'allow', name: part('hear', 'hearing', 'heard') },
  { say: 'deadline', prose: word('patience'), name: part('patience') },
  { say: 'poll interval', prose: word('glance'), name: part('glance') },
  // Captured sales and reconciliation.
  { say: 'captured sale', prose: word('fed', 'feed'), name: part('fed', 'feed') },
  { say: 'reconciliation record', name: part('listing') },
  { say: 'our record', name: exactly('Held', 'held') },
  { say: 'discrepancy', name: part('finding') },
  { say: 'queueReversal', name: exactly('owedToo') },
  { say: 'queueLateReversal', name: exactly('owedLate') },
  { say: 'asPending', name: exactly('claimed') },
  { say: 'tombstoned', prose: word('buried', 'barred'), name: part('buried', 'barred') },
  { say: 'adopted', name: exactly('takenUp') },
  { say: 'tombstonedKey', name: exactly('buries') },
  // The simulated acquirer and the virtual terminal.
  { say: 'MacKey', name: exactly('Voice') },
  { say: 'LedgerResult', name: exactly('Ruling') },
  { say: 'AnswerChange', name: exactly('Bend', 'bend') },
  { say: 'withFault', name: exactly('befall') },
  { say: 'CheckedAnswer', name: exactly('Judgement') },
  // Database, keys and callers.
  { say: 'SALE_ID, MESSAGE_KEY or SAME_MESSAGE', name: /^MEANT_/ },
  { say: 'mayRead', name: exactly('mayBeSeen') },
  { say: 'SignOnState', name: exactly('SignOnGround') },
  { say: 'dummyKey', name: exactly('noOnesKey') },
  // Tests.
  { say: 'client', prose: word('mouth'), name: part('mouth') },
  { say: 'attempt', name: part('said') },
  { say: 'scenario', name: part('story') },
  { say: 'session', prose: word('chapter'), name: part('chapter') },
  { say: 'terminal', prose: word('till'), name: part('till') },
  { say: 'merchant client', name: part('shop') },
  { say: 'attacker', prose: word('stranger'), name: part('stranger') },
  { say: 'fault plan', prose: word('weather'), name: part('weather') },
  { say: 'harness', prose: word('lab'), name: part('lab', 'stage', 'room') },
  // Verbs: send, return, receive, reject, commit, retry.
  { say: 'return, receive or log', prose: word('told', 'untold') },
  { say: 'receive, accept or process', prose: word('heard', 'hear', 'unheard') },
  { say: 'return or send', prose: word('said') },
  { say: 'request or send', prose: /\b(?:is|are|was|were|be|been|being) asked\b/i },
]

/** The retired words of a text, as `word → what to write`. */
export const retiredInProse = (text: string): string[] =>
  RETIRED.flatMap(({ prose, say }) => {
    const found = prose?.exec(text)?.[0]
    return found === undefined ? [] : [`${found} → ${say}`]
  })

/** The retired words of one name, likewise. */
export const retiredInName = (name: string): string[] =>
  RETIRED.flatMap((retired) => (retired.name?.test(name) ? [`${name} → ${retired.say}`] : []))

/** The names in a piece of code, JSON or SQL: identifiers, and parts of paths and routes. */
export const namesIn = (code: string): string[] => [
  ...new Set(code.match(/[A-Za-z_][A-Za-z0-9_]*(?:-[a-z][A-Za-z0-9_]*)*/g) ?? []),
]
