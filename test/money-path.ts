/**
 * @module The files that decide on money and write it down. Coverage has a bound for them. Files that only read,
 * show or translate are not among them.
 */

export const MONEY_PATH: readonly string[] = [
  'src/domain/**',
  ...['ask-acquirer', 'decide', 'process', 'recover', 'submission', 'try-acquirer', 'waiter'].map(
    (name) => `src/pipeline/${name}.ts`,
  ),
  ...[
    'caller',
    'commit',
    'db',
    'forwarded',
    'journal',
    'load',
    'outbox',
    'projections',
    'queries',
    'rows',
    'statements',
    'step',
  ].map((name) => `src/store/${name}.ts`),
]
